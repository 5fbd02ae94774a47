import { type PackedDecision, packDecision } from '../decision-record.ts';
import type { Config } from '../config.ts';
import type { Decision, Verdict } from '../decision.ts';
import { type Expected, expectation } from './expected.ts';

export type VerdictCounts = Readonly<Record<Verdict, number>>;

/** One decision that came out differently. */
export interface ChangedDecision {
  readonly app: string;
  readonly lookMs: number;
  readonly recorded: Outcome;
  readonly replayed: Outcome;
}
type Outcome = Pick<Decision, 'verdict' | 'reason' | 'from' | 'to' | 'gain'>;

export interface Comparison {
  readonly looks: number;
  readonly decisions: number;
  /** Equal in every bit of their records: verdict, reason, candidates, gates and figures. */
  readonly identical: number;
  /** Another verdict or reason, or another target of a move or recommendation. */
  readonly different: number;
  readonly recorded: VerdictCounts;
  readonly replayed: VerdictCounts;
  /** What was predicted of what they decided. */
  readonly expected: Expected;
  /** The first of those that are different. */
  readonly changes: readonly ChangedDecision[];
}

/** Changes that are kept one by one. */
export const CHANGES_MAX = 1000;

/** Counts how recorded decisions and those of a replay compare, look by look. */
export function comparison() {
  const counts = (): Record<Verdict, number> => ({ stay: 0, hold: 0, recommend: 0, move: 0 });
  const [recorded, replayed] = [counts(), counts()];
  const changes: ChangedDecision[] = [];
  const siteId = numbering();
  const expected = expectation();
  let [looks, decisions, identical, different] = [0, 0, 0, 0];
  return {
    add(was: readonly Decision[], is: readonly Decision[], config: Config): void {
      looks++;
      was.forEach((before, i) => {
        const after = is[i];
        if (!after) return;
        decisions++;
        recorded[before.verdict]++;
        replayed[after.verdict]++;
        expected.add(before, after, config);
        if (sameBits(packDecision(before, siteId), packDecision(after, siteId))) return void identical++;
        if (before.verdict === after.verdict && before.reason === after.reason && destination(before) === destination(after)) return;
        different++;
        if (changes.length < CHANGES_MAX)
          changes.push({ app: before.app, lookMs: before.lookMs, recorded: outcomeOf(before), replayed: outcomeOf(after) });
      });
    },
    result: (): Comparison => ({ looks, decisions, identical, different, recorded, replayed, expected: expected.result(), changes }),
  };
}

/** What is not to move goes nowhere, whatever site came nearest to it. */
function destination({ verdict, to }: Decision): string | undefined {
  return verdict === 'move' || verdict === 'recommend' ? to : undefined;
}

function outcomeOf({ verdict, reason, from, to, gain }: Decision): Outcome {
  return { verdict, reason, ...(from !== undefined && { from }), ...(to !== undefined && { to }), ...(gain !== undefined && { gain }) };
}

function sameBits({ packed: a, ...was }: PackedDecision, { packed: b, ...is }: PackedDecision): boolean {
  // NaN stands for absent in both.
  const same = (x: unknown, y: unknown): boolean => Object.is(x, y);
  return Object.entries(was).every(([key, value]) => same(value, (is as Record<string, unknown>)[key])) && Buffer.compare(a, b) === 0;
}

function numbering(): (name: string) => number {
  const ids = new Map<string, number>();
  return (name) => {
    const known = ids.get(name) ?? ids.size;
    ids.set(name, known);
    return known;
  };
}
