import { expect, test } from 'vitest';

import { changeLine, diffConfigs } from '../../domain/config-diff.ts';
import { configSchema, type ConfigInput } from '../../domain/config.ts';

const base: ConfigInput = {
  version: 1,
  sites: { a: {}, b: { maxApps: 2 } },
  objectives: { snappy: { kpis: [{ name: 'p99', unit: 'ms', better: 'lower', best: 10, worst: 110 }], slo: 0.6 } },
  policies: { careful: {} },
  apps: { web: { objective: 'snappy', policy: 'careful' }, shop: { objective: 'snappy', policy: 'careful' } },
};
const lines = (before: ConfigInput, after: ConfigInput) =>
  diffConfigs(configSchema.parse(before), configSchema.parse(after)).map(changeLine);

test('the same configuration has no difference, also with a default written out or keys in another order', () => {
  expect(lines(base, base)).toEqual([]);
  expect(
    lines(base, { ...base, policies: { careful: { mode: 'recommend' } }, apps: Object.fromEntries(Object.entries(base.apps).reverse()) }),
  ).toEqual([]);
});

test('a changed key is named with both values, in the units that are kept; a list is one value', () => {
  const after = { ...base, policies: { careful: { mode: 'automatic', horizon: '2m' } }, sites: { a: {}, b: { maxApps: 3 } } } as const;
  expect(lines(base, after)).toEqual([
    '~ sites.b.maxApps: 2 -> 3',
    '~ policies.careful.mode: "recommend" -> "automatic"',
    '~ policies.careful.horizon: 30 -> 120',
  ]);
  const apps = { ...base.apps, web: { objective: 'snappy', policy: 'careful', sites: ['a'] } };
  expect(lines({ ...base, apps: { ...apps, web: { ...apps.web, sites: ['a', 'b'] } } }, { ...base, apps })).toEqual([
    '~ apps.web.sites: ["a","b"] -> ["a"]',
  ]);
});

test('what is new and what is gone is told whole', () => {
  const after = {
    ...base,
    sites: { a: {}, b: {} },
    apps: { web: { objective: 'snappy', policy: 'careful' }, till: { objective: 'snappy', policy: 'careful' } },
  };
  const told = lines(base, after);
  expect(told.map((l) => l.slice(0, 12))).toEqual(['- sites.b.ma', '+ apps.till:', '- apps.shop:']);
  expect(told[1]).toContain('"objective":"snappy"');
});
