import type { OutcomeRow, ShadowRow } from '../domain/records.ts';

export interface ShadowRuling {
  /** Looks that were watched, and pairs of both models' words with what happened. */
  readonly looks: number;
  readonly outcomes: number;
  /** Not worse than the champion on what happened; undefined = nothing happened yet that both had spoken of. */
  readonly ok?: boolean;
  readonly why: string;
}

/** Compares challenger and champion on what really happened at the site where the app was; both by their p50. */
export function judgeShadow(shadows: readonly ShadowRow[], outcomes: readonly OutcomeRow[]): ShadowRuling {
  const at = new Map(outcomes.map((o) => [`${o.lookMs} ${o.app}`, o]));
  const errors = { challenger: 0, champion: 0, n: 0 };
  for (const { lookMs, app, said } of shadows) {
    const outcome = at.get(`${lookMs} ${app}`);
    const site = outcome ? said.sites.indexOf(outcome.site) : -1;
    const [challenger, champion] = [said.challenger[site] ?? null, said.champion[site] ?? null];
    if (!outcome || challenger === null || champion === null) continue;
    errors.challenger += Math.abs(challenger - outcome.actual);
    errors.champion += Math.abs(champion - outcome.actual);
    errors.n++;
  }
  const looks = new Set(shadows.map((s) => s.lookMs)).size;
  const moves = (of: (row: ShadowRow) => string | undefined): number =>
    shadows.filter((s) => ['move', 'recommend'].includes(of(s) ?? '')).length;
  const would = `it would have moved or recommended ${moves((s) => s.said.verdict)} times, the champion did ${moves((s) => s.said.championVerdict)} times`;
  if (errors.n === 0)
    return { looks, outcomes: 0, why: `in the shadow of ${looks} looks nothing happened that both had spoken of; ${would}` };
  const mean = (sum: number): string => (sum / errors.n).toFixed(4);
  return {
    looks,
    outcomes: errors.n,
    ok: errors.challenger <= errors.champion,
    why: `in the shadow of ${looks} looks its error in score was ${mean(errors.challenger)}, that of the champion ${mean(errors.champion)}, on ${errors.n} outcomes; ${would}`,
  };
}
