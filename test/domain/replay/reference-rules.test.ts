import { expect, test } from 'vitest';

import { costOf, pricesSchema } from '../../../domain/replay/cost.ts';
import { proactive, reactive } from '../../../domain/replay/reference-rules.ts';
import { runPolicy } from '../../../domain/replay/run-policy.ts';
import { traceOf } from './traces.ts';

const trace = traceOf([
  [0.4, 0.6, 0.1],
  [0.4, 0.6, 0.1],
  [0.4, 0.8, 0.1],
  [0.4, 0.9, 0.1],
  [0.4, 0.9, 0.1],
]);
const rule = { start: 0, target: 0.5 };

test('the reactive rule leaves its edge below the target, and the next site only far above it, for whatever is next', () => {
  // 0.5 + 0.775 * 0.5 = 0.8875: 0.9 is above it, and the next of the list is c, the worst.
  expect([...runPolicy([trace], reactive(rule), 0)]).toEqual([0, 1, 1, 1, 2]);
});

test('the proactive rule asks a model instead, of the present site alone', () => {
  const foreseen = [0.6, 0.4, 0.4, 0.4, 0.4];
  const policy = proactive(rule, (_, window) => foreseen[window] ?? NaN);
  expect([...runPolicy([trace], policy, 0)]).toEqual([0, 0, 1, 1, 1]);
  const nothing = proactive(rule, () => NaN);
  expect([...runPolicy([trace], nothing, 0)]).toEqual([0, 0, 0, 0, 0]);
});

test('the cost is that of the hours there, of idle hours, and of both sites while an app moves', () => {
  const prices = pricesSchema.parse({
    cloud: { costPerHour: 0.688 * 0.86, movingIn: '180s' },
    edge: { costPerHour: 0.182 * 0.137, idlePerHour: 0.119 * 0.137, movingIn: '30s' },
  });
  const day = { secondsOn: { cloud: 86_400, edge: 0 }, movesBetween: {} };
  // The reference's EUR 14.20 a day for a cloud alone leaves out that its edge is powered.
  expect(costOf(day, { ...prices, edge: { ...prices['edge']!, idlePerHour: 0 } })).toBeCloseTo(14.2, 2);
  expect(costOf(day, prices)).toBeCloseTo(14.2 + 24 * 0.119 * 0.137, 2);
  const mixed = { secondsOn: { cloud: 3600, edge: 7200 }, movesBetween: { 'edge->cloud': 2, 'cloud->edge': 1 } };
  const [cloud, edge, idle] = [0.688 * 0.86, 0.182 * 0.137, 0.119 * 0.137];
  expect(costOf(mixed, prices)).toBeCloseTo(cloud + 2 * edge + idle + (2 * 180 * cloud + 30 * edge) / 3600, 12);
});
