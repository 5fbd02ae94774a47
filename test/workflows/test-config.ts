import { configSchema, type Config, type ConfigInput } from '../../domain/config.ts';

/** Apps a0.. on sites s0.. with short times; 10 ms score 1, 110 ms score 0. The apps r0.. revert on a pause, the apps q0.. want approvals. */
export function testConfig({
  apps = 20,
  reverting = 4,
  asking = 0,
  sites = 3,
  ...rest
}: { apps?: number; reverting?: number; asking?: number; sites?: number } & Partial<Omit<ConfigInput, 'apps' | 'sites'>> = {}): Config {
  const policy = {
    mode: 'automatic',
    freshness: 60,
    verify: { soak: 0.6, tolerance: 0.1 },
    ready: { deadline: 5, stable: 0 },
    quarantine: 30,
    cooldown: { initial: 1, factor: 2, max: 60, reset: 60 },
  } as const;
  const named = (letter: string, n: number, name: string) =>
    Object.fromEntries(Array.from({ length: n }, (_, i) => [`${letter}${i}`, { objective: 'fast', policy: name }]));
  return configSchema.parse({
    version: 1,
    objectives: { fast: { kpis: [{ name: 'p99', unit: 'ms', better: 'lower', best: 10, worst: 110 }], slo: 0.8 } },
    policies: { quick: policy, reverting: { ...policy, onPause: 'revert' }, asking: { ...policy, mode: 'approve' } },
    telemetry: { step: '200ms', window: '20s' },
    budgets: { fleet: 100, namespace: 100, source: 100, destination: 100 },
    // Many moves here are undone on purpose.
    breaker: { rate: 1 },
    profile: { visits: 1, visit: '500ms', settle: 0 },
    ...rest,
    sites: Object.fromEntries(Array.from({ length: sites }, (_, i) => [`s${i}`, {}])),
    apps: { ...named('a', apps, 'quick'), ...named('r', reverting, 'reverting'), ...named('q', asking, 'asking') },
  } satisfies ConfigInput);
}
