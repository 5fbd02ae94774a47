import type { Config } from '../../domain/config.ts';
import type { Up } from '../up/bring-up.ts';
import type { DemoStory, PolicyName } from './result.ts';
import { POLICIES } from './summary.ts';

const APP = 'berth';

/** What happened from `fromMs` to `toMs`, as the store and the cluster recorded it. */
export async function storyOf(
  { store, platform }: Up,
  t: { fromMs: number; comparedFromMs: number; toMs: number; boundMs: number },
): Promise<DemoStory> {
  const [report, outcomes, decisions, applied] = await Promise.all([
    platform.report({ fromMs: t.fromMs, toMs: t.toMs, boundMs: t.boundMs }),
    store.outcomes({ fromMs: t.fromMs, toMs: t.toMs }),
    store.decisions({ app: APP, fromMs: t.comparedFromMs, toMs: t.toMs, limit: 5000 }),
    store.config(),
  ]);
  const latency = Object.fromEntries(POLICIES.map((p) => [p, report.apps[p]?.seconds ?? []])) as unknown as Record<
    PolicyName,
    DemoStory['latency']['berth']
  >;
  return {
    fromMs: t.fromMs,
    comparedFromMs: t.comparedFromMs,
    toMs: t.toMs,
    sites: Object.keys(applied?.config.sites ?? {}),
    latency,
    startedOn: startsOf(applied?.config),
    switches: report.moves.flatMap((m) =>
      m.switchedMs === undefined || m.from === undefined ? [] : [{ app: m.app, from: m.from, to: m.to, atMs: m.switchedMs }],
    ),
    neighbours: report.neighbours,
    outcomes: outcomes.map((o) => ({ app: o.app, site: o.site, atMs: o.targetMs, p10: o.p10, p50: o.p50, p90: o.p90, actual: o.actual })),
    predicted: decisions.flatMap((d) =>
      d.candidates.flatMap((c) => (c.qos ? [{ site: c.site, atMs: d.lookMs + d.horizonS * 1000, p50: c.qos.p50 }] : [])),
    ),
  };
}

/** The site each app starts on: the one it names, else the first it may run on. */
function startsOf(config: Config | undefined): Record<string, string> {
  const first = Object.keys(config?.sites ?? {})[0];
  return Object.fromEntries(
    Object.entries(config?.apps ?? {}).flatMap(([app, spec]) => {
      const start = spec.local?.start ?? spec.sites?.[0] ?? first;
      return start === undefined ? [] : [[app, start]];
    }),
  );
}
