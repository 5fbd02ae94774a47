import type { Assessed } from './assess.ts';
import type { DecideInput } from './decide-input.ts';
import { gainFigures, isCheaper } from './gates/worth.ts';

/** What a destination must satisfy, in the order of the gates. */
const STAGES: readonly ((site: Assessed) => boolean)[] = [
  ({ candidate: { barred } }) => barred !== 'stale' && barred !== 'late',
  ({ candidate: { barred } }) => barred !== 'incomplete',
  ({ candidate: { trust } }) => trust !== 'insufficient',
  ({ candidate: { refusal } }) => refusal === undefined,
  ({ candidate: { rule } }) => rule === undefined || rule > 0,
  ({ candidate: { barred } }) => barred !== 'quarantined',
];

/**
 * The site with the best p50 among those that no gate rules out; ties go to the first name. When every site is ruled out, the best of those that
 * came furthest, so that the gates name what stopped it. An app that may move prefers a site it may move to, if that is worth it.
 */
export function chooseTarget(input: DecideInput, sites: readonly Assessed[], current: Assessed | undefined): Assessed | undefined {
  let pool = sites.filter((s) => s !== current && s.q !== undefined);
  for (const stage of STAGES) {
    const left = pool.filter(stage);
    if (left.length === 0) return best(pool);
    pool = left;
  }
  const cheap = input.objective.prefer === 'cheapest' ? cheapest(input, pool, current) : undefined;
  if (cheap) return cheap;
  if (input.policy.mode !== 'recommend') {
    const firm = best(pool.filter(({ candidate: { trust, rule } }) => trust === 'trusted' && rule !== undefined));
    if (gainFigures(input, { from: current, to: firm }).pass) return firm;
  }
  return best(pool);
}

/**
 * While the present site meets the SLO: the cheapest site that costs less and is good enough. When it does not: the cheapest that meets it, whatever
 * the present one costs. undefined: there is none, so quality decides. Ties go to the better, then to the first name.
 */
function cheapest(input: DecideInput, pool: readonly Assessed[], current: Assessed | undefined): Assessed | undefined {
  const { slo } = input.objective;
  const met = (current?.candidate.qos?.p50 ?? NaN) >= slo;
  const meets = pool.filter((s) =>
    met ? isCheaper(input, current, s) : s.costPerHour !== undefined && (s.candidate.qos?.p10 ?? NaN) >= slo,
  );
  const least = Math.min(...meets.map((s) => s.costPerHour ?? Infinity));
  return best(meets.filter((s) => s.costPerHour === least));
}

function best(pool: readonly Assessed[]): Assessed | undefined {
  let found: Assessed | undefined;
  for (const site of pool) if (!found || isBetter(site, found)) found = site;
  return found;
}

/** Code unit order, because a locale would make decisions depend on the machine. */
function isBetter(a: Assessed, b: Assessed): boolean {
  const [x, y] = [a.q?.p50 ?? NaN, b.q?.p50 ?? NaN];
  return x > y || (x === y && a.candidate.site < b.candidate.site);
}
