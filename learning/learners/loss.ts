/**
 * What a learner makes small, on the scale it learns on. `pinball` with alpha 0.5 has the same best prediction as `absolute`; `sla` is squared
 * error times `weight` where the actual value lies beyond `bound` (above it unless `side` says below).
 */
export type Loss =
  | { readonly kind: 'squared' }
  | { readonly kind: 'absolute' }
  | { readonly kind: 'pinball'; readonly alpha: number }
  | { readonly kind: 'sla'; readonly bound: number; readonly weight: number; readonly side?: 'above' | 'below' };

/** Loss of one prediction. */
export function lossOf(loss: Loss, predicted: number, actual: number): number {
  const error = predicted - actual;
  switch (loss.kind) {
    case 'squared':
      return error * error;
    case 'absolute':
      return Math.abs(error);
    case 'pinball':
      return error >= 0 ? (1 - loss.alpha) * error : -loss.alpha * error;
    case 'sla':
      return weightOf(loss, actual) * error * error;
  }
}

/** Weight of a row in sums. */
export function weightOf(loss: Loss, actual: number): number {
  if (loss.kind !== 'sla') return 1;
  return (loss.side === 'below' ? actual < loss.bound : actual > loss.bound) ? loss.weight : 1;
}

/** The quantile that is the best constant under this loss; undefined where the best constant is a mean. */
export function quantileOf(loss: Loss): number | undefined {
  if (loss.kind === 'absolute') return 0.5;
  return loss.kind === 'pinball' ? loss.alpha : undefined;
}

/** As it stands in a learner's name. */
export function lossName(loss: Loss): string {
  return loss.kind === 'pinball' ? `p${Math.round(100 * loss.alpha)}` : loss.kind;
}

/** Throws RangeError for a loss that makes no sense. */
export function checkLoss(loss: Loss): void {
  if (loss.kind === 'pinball' && !(loss.alpha > 0 && loss.alpha < 1)) throw new RangeError(`alpha: between 0 and 1, got ${loss.alpha}`);
  if (loss.kind !== 'sla') return;
  if (!Number.isFinite(loss.bound)) throw new RangeError(`bound: a finite number, got ${loss.bound}`);
  if (!(loss.weight >= 1 / 16 && loss.weight <= 1024)) throw new RangeError(`weight: from 1/16 to 1024, got ${loss.weight}`);
}
