import type { HeldOut } from './held-out.ts';
import type { Beyond } from './input-ranges.ts';

/** What a model showed on visits it had not seen: what its live errors are measured by. */
export interface ErrorReference {
  /** Mean absolute error of the score; by site where the site was visited. */
  readonly error: number;
  readonly bySite: ReadonlyMap<string, number>;
  /** How far the mean errors of visits lie apart (standard deviation), and how many visits there were. */
  readonly spread: number;
  readonly visits: number;
}

/** A stretch of live data; stretches of one length, oldest first, none left out. */
export interface ErrorWindow {
  readonly fromMs: number;
  /** Outcomes in the order of time, as scores. */
  readonly outcomes: readonly { readonly site: string; readonly p50: number; readonly actual: number }[];
}
export interface InputWindow {
  readonly fromMs: number;
  readonly inputs: readonly Beyond[];
}

export interface Drift {
  /** Windows in a row that showed it. */
  readonly windows: number;
  /** Score points of more error, or the share of values beyond the range: the least of the windows. */
  readonly effect: number;
  readonly sinceMs: number;
  readonly why: string;
}

/** Windows in a row that must show it, and outcomes or values that each must have. */
export const WINDOWS = 3;
export const LEAST = 20;
/** More error than these score points, and than this share of the error it was promised with, is worth a training. */
const MORE_ERROR = 0.05;
const MORE_SHARE = 0.5;
/** Standard errors that it must exceed. */
const SURELY = 1.5;
/** A window's own standard error comes from the means of so many parts of it, because neighbouring errors are alike. */
const PARTS = 5;
/** Share of values outside of what was learned from. */
const BEYOND = 0.2;
const FEWEST_VISITS = 3;

export function errorReference(held: HeldOut): ErrorReference | undefined {
  const rows = held.actual.flatMap((actual, i) => {
    const predicted = held.predicted[i] ?? NaN;
    const error = Math.abs(predicted - actual);
    return Number.isFinite(error) ? [{ site: held.site[i]!, visit: held.visit[i]!, error }] : [];
  });
  const errors = rows.map((r) => r.error);
  const bySite = new Map([...groups(rows, (r) => r.site)].map(([site, of]) => [site, mean(of.map((r) => r.error))]));
  const visits = [...groups(rows, (r) => r.visit).values()].map((of) => mean(of.map((r) => r.error - bySite.get(r.site)!)));
  if (rows.length < LEAST || visits.length < FEWEST_VISITS) return undefined;
  return { error: mean(errors), bySite, spread: deviation(visits), visits: visits.length };
}

/** Drift of the error, if each of the newest windows had enough outcomes and surely more error than was promised. */
export function errorDrift(windows: readonly ErrorWindow[], reference: ErrorReference): Drift | undefined {
  const newest = windows.slice(-WINDOWS);
  const more = newest.map(({ outcomes }) => moreError(outcomes, reference));
  if (more.length < WINDOWS || more.some((m) => m === undefined)) return undefined;
  const effect = Math.min(...more.map((m) => m!));
  const now = mean(newest.at(-1)!.outcomes.map((o) => Math.abs(o.p50 - o.actual)));
  return {
    windows: WINDOWS,
    effect,
    sinceMs: newest[0]!.fromMs,
    why: `its error in score is ${now.toFixed(3)}, it was ${reference.error.toFixed(3)} on visits it had not seen; ${WINDOWS} stretches in a row at least ${effect.toFixed(3)} more`,
  };
}

function moreError(outcomes: ErrorWindow['outcomes'], { error, bySite, spread, visits }: ErrorReference): number | undefined {
  if (outcomes.length < LEAST) return undefined;
  const excess = outcomes.map((o) => Math.abs(o.p50 - o.actual) - (bySite.get(o.site) ?? error));
  const parts = Array.from({ length: PARTS }, (_, p) =>
    mean(excess.slice(Math.floor((p * excess.length) / PARTS), Math.floor(((p + 1) * excess.length) / PARTS))),
  );
  const own = deviation(parts) / Math.sqrt(PARTS);
  const more = mean(excess);
  const chance = SURELY * Math.hypot(own, spread * Math.sqrt(1 + 1 / visits));
  return more >= Math.max(MORE_ERROR, MORE_SHARE * error) && more > chance ? more : undefined;
}

/** Inputs that were outside of what the model learned from in each of the newest windows, the worst first. */
export function inputDrifts(windows: readonly InputWindow[]): (Drift & { readonly name: string })[] {
  const newest = windows.slice(-WINDOWS);
  if (newest.length < WINDOWS) return [];
  return newest[0]!.inputs
    .flatMap(({ name }) => {
      const seen = newest.map((w) => w.inputs.find((i) => i.name === name));
      if (!seen.every((s) => s && s.known >= LEAST && s.beyond >= BEYOND * s.known)) return [];
      const effect = Math.min(...seen.map((s) => s!.beyond / s!.known));
      const why = `${name} was outside of what the model learned from in at least ${(100 * effect).toFixed(0)} % of its values, ${WINDOWS} stretches in a row`;
      return [{ name, windows: WINDOWS, effect, sinceMs: newest[0]!.fromMs, why }];
    })
    .sort((a, b) => b.effect - a.effect || (a.name < b.name ? -1 : 1));
}

function groups<T, K>(rows: readonly T[], keyOf: (row: T) => K): Map<K, T[]> {
  const found = new Map<K, T[]>();
  for (const row of rows) {
    const of = found.get(keyOf(row));
    if (of) of.push(row);
    else found.set(keyOf(row), [row]);
  }
  return found;
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, v) => sum + (v - middle) ** 2, 0) / (values.length - 1));
}
