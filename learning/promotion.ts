import type { HeldOut } from './held-out.ts';
import { MARGIN, skillOf } from './skill.ts';
import type { Skill } from './skill.ts';

export interface Contest {
  readonly challenger: HeldOut;
  /** `baseline`: the challenger is itself the best plain baseline, and there is none to beat. */
  readonly servedBy: 'model' | 'baseline';
  /** What the champion says of each of the challenger's rows; NaN = it cannot tell, or has learned from the row. Absent: nothing serves yet. */
  readonly champion?: Float64Array;
  readonly seed: number;
}

export interface Ruling {
  readonly ok: boolean;
  /** One sentence for a person. */
  readonly why: string;
}

/** Fewer visits that both speak of, or fewer rows, and nothing can be told. */
const FEWEST_VISITS = 3;
const FEWEST_ROWS = 20;

/**
 * May a challenger take over? Only if it makes less error than the best baseline, and than the champion, on the very same rows that neither had
 * seen: by 2 % of the other's error, and in 95 (baseline) or 99 (champion) of 100 resamples of whole visits by anything at all. What cannot be compared
 * is kept back.
 */
export function judgeChallenger(contest: Contest): Ruling {
  const { challenger, champion, servedBy } = contest;
  const rows = challenger.actual.map((_, i) => i);
  const known = (values: ArrayLike<number | null>): number[] =>
    rows.filter((i) => Number.isFinite(values[i] ?? NaN) && isKnown(challenger, i));
  if (servedBy === 'model') {
    const ruling = compare(contest, {
      other: challenger.baseline,
      name: 'the best baseline',
      rows: known(challenger.baseline),
      bound: 'low',
    });
    if (!ruling.ok) return ruling;
    if (!champion) return { ok: true, why: `${ruling.why}; nothing served before it` };
  }
  if (!champion) return { ok: true, why: 'it is the best plain baseline, and nothing served before it' };
  return compare(contest, { other: champion, name: 'the champion', rows: known(champion), bound: 'surely' });
}

function isKnown({ actual, predicted }: HeldOut, i: number): boolean {
  return predicted[i] !== null && Number.isFinite(actual[i]);
}

interface Other {
  readonly other: ArrayLike<number | null>;
  readonly name: string;
  readonly rows: readonly number[];
  /** What must be above zero. */
  readonly bound: 'low' | 'surely';
}

function compare({ challenger, seed }: Contest, { other, name, rows, bound }: Other): Ruling {
  const { actual, predicted, visit } = challenger;
  const visits = new Set(rows.map((i) => visit[i])).size;
  if (visits < FEWEST_VISITS || rows.length < FEWEST_ROWS)
    return {
      ok: false,
      why: `there are ${rows.length} rows of ${visits} visits that neither it nor ${name} had seen, it takes ${FEWEST_ROWS} of ${FEWEST_VISITS}`,
    };
  const errors = {
    model: Float64Array.from(rows, (i) => Math.abs(predicted[i]! - actual[i]!)),
    baseline: Float64Array.from(rows, (i) => Math.abs(other[i]! - actual[i]!)),
    group: Int32Array.from(rows, (i) => visit[i]!),
  };
  const skill = skillOf(errors, seed);
  return { ok: skill.value >= MARGIN && skill[bound] > 0, why: sentence(skill, { name, rows: rows.length, visits, errors }) };
}

function sentence(
  { value, low, surely }: Skill,
  { name, rows, visits, errors }: { name: string; rows: number; visits: number; errors: { model: Float64Array; baseline: Float64Array } },
): string {
  const mean = (values: Float64Array): string => (values.reduce((sum, v) => sum + v, 0) / values.length).toFixed(4);
  const percent = (share: number): string => (Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : 'unknown');
  return (
    `on ${rows} rows of ${visits} visits that neither had seen its error in score is ${mean(errors.model)}, that of ${name} ${mean(errors.baseline)}: ` +
    `${percent(value)} less, in 95 of 100 resamples at least ${percent(low)}, in 99 at least ${percent(surely)}`
  );
}
