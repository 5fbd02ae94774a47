import type { Store } from '../connectors/store/types.ts';
import { RULE_LIMITS, scoreElsewhere, siteRule } from '../domain/rule.ts';

/**
 * What an app would have scored over (fromMs, toMs] on the site it left, by the plain rule: what was seen of it on its new site, scaled by how slow
 * the two sites were in the same time. undefined where either site tells nothing of its slowness.
 */
export async function scoreIfStayed(
  store: Store,
  at: { app: string; from: string; to: string; fromMs: number; toMs: number },
): Promise<number | undefined> {
  const applied = await store.config();
  const spec = applied?.config.apps[at.app];
  const objective = spec && applied.config.objectives[spec.objective];
  if (!applied || !objective) return undefined;
  const stepMs = Math.round(applied.config.telemetry.step * 1000);
  if (at.toMs - at.fromMs < stepMs) return undefined;
  const frame = await store.telemetry.window({ app: at.app, sites: [at.to, at.from], fromMs: at.fromMs, toMs: at.toMs, stepMs });
  if ('kind' in frame) return undefined;
  const rule = siteRule(frame.grid, frame.sites, { ...RULE_LIMITS, ticks: frame.grid.ticks });
  const score = scoreElsewhere(rule, frame.app, { objective, present: 0, site: 1 });
  return Number.isFinite(score) ? score : undefined;
}
