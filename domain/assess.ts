import type { Policy } from './config.ts';
import type { DecideInput } from './decide-input.ts';
import type { Barrier, Candidate, Decision, Quantiles } from './decision.ts';
import type { EvidenceRow, PredictionRow } from './records.ts';
import { trustOf } from './trust.ts';

/** A candidate with what the gates need and the record does not keep. */
export interface Assessed {
  readonly candidate: Candidate;
  /** The prediction, if it is sane, even where stale or incomplete input takes away its meaning. */
  readonly q?: Quantiles;
  /** Age of the site's newest sample at the time of the decision; NaN = unknown. */
  readonly ageS: number;
  /** Share of the window's samples of the site; NaN = unknown. */
  readonly complete: number;
  /** Age of evidence that is good enough but for its age. */
  readonly decayedS?: number;
  /** What one hour there costs; undefined = unknown. */
  readonly costPerHour?: number;
}

/** Longest refusal a decision carries: operators and schedulers write these. */
export const REFUSAL_MAX = 200;

/** What the policy lets the decision rest on: a prediction row made by anything else counts as none. */
export function predictorOf(policy: Policy, prediction: PredictionRow | undefined): Decision['predictor'] {
  if (!prediction) return 'none';
  if (policy.predictor === 'rule') return 'rule';
  return prediction.predictor === 'rule' ? 'none' : prediction.predictor;
}

/** Every site the app may run on, in the order given, with its prediction, trust and whatever speaks against it. */
export function assessSites(input: DecideInput): readonly Assessed[] {
  const refusals = refusalsBySite(input);
  const evidence = evidenceBySite(input);
  return input.sites.map(({ site, spec }, i) => {
    const assessed = assessSite(input, { site, i, refusal: refusals.get(site), evidence: evidence.get(site) });
    return spec.costPerHour === undefined ? assessed : { ...assessed, costPerHour: spec.costPerHour };
  });
}

interface SiteFacts {
  readonly site: string;
  readonly i: number;
  readonly refusal: string | undefined;
  readonly evidence: EvidenceRow | undefined;
}

function assessSite(input: DecideInput, { site, i, refusal, evidence }: SiteFacts): Assessed {
  const { policy, prediction, nowMs } = input;
  // Rows list the sites in the order of the configuration as a rule; searching is for rows that do not.
  const at = prediction ? (prediction.sites[i] === site ? i : prediction.sites.indexOf(site)) : -1;
  const predictor = predictorOf(policy, prediction);
  const rule = sane(at < 0 ? NaN : prediction?.rule[at]);
  const { q, absurd } = quantilesAt(predictor, prediction, { at, rule });
  const ageS = (prediction?.ageS[at] ?? NaN) + lateS(input);
  const complete = prediction?.complete[at] ?? NaN;
  const data = absurd
    ? 'absurd'
    : !q
      ? 'no-prediction'
      : isLate(input, predictor)
        ? 'late'
        : !isFresh(input, ageS)
          ? 'stale'
          : !(complete >= policy.completeness)
            ? 'incomplete'
            : undefined;
  const barred: Barrier | undefined = data ?? (quarantineLeftS(input, site) > 0 ? 'quarantined' : undefined);
  // The rule learns nothing, so it has no evidence to wait for: it is trusted on fresh input, and its error is 0 by definition.
  const trust =
    predictor === 'rule' ? { trust: data ? ('insufficient' as const) : ('trusted' as const), error: 0 } : trustOf(evidence, policy, nowMs);
  // Built by assignment: conditional spreads make up half of the time of a decision over 50 sites.
  const candidate: Mutable<Candidate> = { site, current: site === input.placement.site, trust: trust.trust };
  if (q && !data) candidate.qos = q;
  if (rule !== undefined) candidate.rule = rule;
  // As the record keeps it, so that a decision made again from its record has the same margins.
  if (trust.error !== undefined) candidate.error = Math.fround(trust.error);
  if (refusal !== undefined) candidate.refusal = refusal;
  if (barred) candidate.barred = barred;
  const decayed = 'decayedS' in trust && trust.decayedS !== undefined ? { decayedS: trust.decayedS } : {};
  return q ? { candidate, q, ageS, complete, ...decayed } : { candidate, ageS, complete, ...decayed };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function quantilesAt(
  predictor: Decision['predictor'],
  prediction: PredictionRow | undefined,
  { at, rule }: { at: number; rule: number | undefined },
): { q?: Quantiles; absurd: boolean } {
  if (predictor === 'none' || at < 0 || !prediction) return { absurd: false };
  if (predictor === 'rule') {
    return rule === undefined
      ? { absurd: !Number.isNaN(prediction.rule[at] ?? NaN) }
      : { q: { p10: rule, p50: rule, p90: rule }, absurd: false };
  }
  const p10 = prediction.q[at * 3] ?? NaN;
  const p50 = prediction.q[at * 3 + 1] ?? NaN;
  const p90 = prediction.q[at * 3 + 2] ?? NaN;
  if (0 <= p10 && p10 <= p50 && p50 <= p90 && p90 <= 1) return { q: { p10, p50, p90 }, absurd: false };
  return { absurd: !(Number.isNaN(p10) && Number.isNaN(p50) && Number.isNaN(p90)) };
}

/** A score in [0,1], or undefined: NaN, infinities and scores that cannot be are unknown. */
function sane(score: number | undefined): number | undefined {
  return score !== undefined && score >= 0 && score <= 1 ? score : undefined;
}

/** Seconds by which the decision is later than its look; a clock behind the schedule makes nothing younger. */
export function lateS({ nowMs, lookMs }: Pick<DecideInput, 'nowMs' | 'lookMs'>): number {
  return Math.max(0, (nowMs - lookMs) / 1000);
}

/** The time that a forecast is for has come before the decision. What is observed now is no forecast. */
export function isLate(input: Pick<DecideInput, 'nowMs' | 'lookMs' | 'prediction'>, predictor: Decision['predictor']): boolean {
  return predictor !== 'rule' && input.prediction !== undefined && lateS(input) >= input.prediction.horizonMs / 1000;
}

/** An age beyond the limit in either direction is no age: samples from far in the future come from a wrong clock. */
export function isFresh({ policy }: Pick<DecideInput, 'policy'>, ageS: number): boolean {
  return Math.abs(ageS) <= policy.freshness;
}

/** Seconds an app stays away from a site after a move there went wrong; 0 = free to go. */
export function quarantineLeftS({ controller, nowMs }: Pick<DecideInput, 'controller' | 'nowMs'>, site: string): number {
  let leftS = 0;
  for (const q of controller?.quarantine ?? []) if (q.site === site) leftS = Math.max(leftS, (q.untilMs - nowMs) / 1000);
  return leftS;
}

/** Whether something with an optional expiry is in force at `nowMs`. */
export function inForce(until: { readonly untilMs?: number } | undefined, nowMs: number): boolean {
  return until?.untilMs === undefined || until.untilMs > nowMs;
}

function refusalsBySite({ sites, refusals, controller, fleet, nowMs }: DecideInput): ReadonlyMap<string, string> {
  const bySite = new Map<string, string>();
  for (const { site, spec } of sites) if (spec.cordoned) bySite.set(site, 'the site is cordoned');
  for (const r of refusals) bySite.set(r.site, r.refusal.slice(0, REFUSAL_MAX));
  for (const e of [...(fleet?.excluded ?? []), ...(controller?.excluded ?? [])]) {
    if (inForce(e, nowMs)) bySite.set(e.site, `excluded by ${e.by}: ${e.reason}`.slice(0, REFUSAL_MAX));
  }
  return bySite;
}

/**
 * Evidence speaks for the model version that made the prediction, and for no other. On a site where the app has none of its own, that of the
 * app whose model it shares stands in.
 */
function evidenceBySite({ app, spec, evidence, prediction }: DecideInput): ReadonlyMap<string, EvidenceRow> {
  const bySite = new Map<string, EvidenceRow>();
  for (const row of evidence) {
    if (row.key !== prediction?.modelKey || row.version !== prediction.modelVersion) continue;
    const own = row.app === app;
    if (own || (row.app === spec.model && bySite.get(row.site)?.app !== app)) bySite.set(row.site, row);
  }
  return bySite;
}
