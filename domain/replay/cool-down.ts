import type { Policy } from '../config.ts';

/** When an app may move again, and what makes the next rest longer: what a controller books at the end of a move. */
export interface CoolDown {
  readonly untilMs: number;
  readonly step: number;
  readonly lastEndMs: number;
}

/** The rest after a move that ended at `endMs`: longer with every move that follows before a quiet time of `reset`. */
export function coolDownAfter(before: CoolDown | undefined, { cooldown }: Pick<Policy, 'cooldown'>, endMs: number): CoolDown {
  const quiet = before === undefined || endMs - before.lastEndMs > cooldown.reset * 1000;
  const step = quiet ? 0 : before.step + 1;
  const restS = Math.min(cooldown.max, cooldown.initial * cooldown.factor ** step);
  return { untilMs: endMs + Math.round(restS * 1000), step, lastEndMs: endMs };
}
