import { configSchema } from '../../../domain/config.ts';
import type { Config, ConfigInput } from '../../../domain/config.ts';

/** A small fleet: apps a0.. on sites s0.., one KPI where 10 ms scores 1 and 110 ms scores 0. */
export function sampleConfig({
  apps = 3,
  sites = 2,
  ...rest
}: { apps?: number; sites?: number } & Partial<Omit<ConfigInput, 'apps' | 'sites'>> = {}): Config {
  return configSchema.parse({
    version: 1,
    objectives: { fast: { kpis: [{ name: 'p99', unit: 'ms', better: 'lower', best: 10, worst: 110 }], slo: 0.8 } },
    policies: { plain: { mode: 'automatic' }, shy: {} },
    telemetry: { step: '1s', window: '20s' },
    ...rest,
    sites: Object.fromEntries(Array.from({ length: sites }, (_, i) => [`s${i}`, {}])),
    apps: Object.fromEntries(Array.from({ length: apps }, (_, i) => [`a${i}`, { objective: 'fast', policy: 'plain' }])),
  });
}
