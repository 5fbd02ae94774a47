import type { Policy } from './config.ts';
import type { Trust } from './decision.ts';
import type { EvidenceRow } from './records.ts';

export interface TrustVerdict {
  readonly trust: Trust;
  /** Mean absolute error of the score; undefined = not known. */
  readonly error?: number;
  readonly why: string;
  /** Age in seconds of evidence that its age alone keeps from being trusted: a new profile would help. */
  readonly decayedS?: number;
}

/** Below this share of the wanted samples, or above this multiple of the allowed error, evidence is worth nothing yet. */
const PROVISIONAL_SAMPLES = 1 / 3;
const PROVISIONAL_ERROR = 2;

/**
 * What the evidence of one model on one app and site entitles it to. `trusted` may move the app by itself: enough samples, fresh, error within the
 * limit. `provisional` may recommend: at least a third of the samples and at most twice the error, whatever its age. Everything else is `insufficient`.
 */
export function trustOf(evidence: EvidenceRow | undefined, policy: Pick<Policy, 'trust'>, nowMs: number): TrustVerdict {
  if (!evidence) return { trust: 'insufficient', why: 'no evidence' };
  const { samples, error, newestMs } = evidence;
  const ageS = (nowMs - newestMs) / 1000;
  if (!Number.isFinite(samples + error + ageS) || error < 0) return { trust: 'insufficient', why: 'evidence is damaged' };

  const limit = policy.trust;
  const few = () => `${samples} of ${limit.samples} samples`;
  const wrong = () => `error ${error.toFixed(3)} above ${limit.maxError}`;
  if (samples < limit.samples * PROVISIONAL_SAMPLES) return { trust: 'insufficient', error, why: few() };
  if (error > limit.maxError * PROVISIONAL_ERROR) return { trust: 'insufficient', error, why: wrong() };
  if (samples < limit.samples) return { trust: 'provisional', error, why: few() };
  if (error > limit.maxError) return { trust: 'provisional', error, why: wrong() };
  if (ageS > limit.maxAge)
    return { trust: 'provisional', error, decayedS: ageS, why: `newest sample is ${Math.round(ageS)} s old, limit ${limit.maxAge} s` };
  return { trust: 'trusted', error, why: 'enough samples, fresh, error within the limit' };
}
