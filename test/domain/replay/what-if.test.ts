import { describe, expect, test } from 'vitest';

import { configSchema } from '../../../domain/config.ts';
import { decide } from '../../../domain/decide.ts';
import type { RecordedLook } from '../../../domain/replay/replay-records.ts';
import { whatIf } from '../../../domain/replay/what-if.ts';
import { decideCase, LOOK, prediction, type Scores } from '../decide-case.ts';

const config = configSchema.parse({
  version: 1,
  sites: { a: {}, b: {} },
  objectives: { snappy: { kpis: [{ name: 'latency', unit: 'ms', better: 'lower', best: 8, worst: 80 }], slo: 0.99 } },
  policies: { berth: { mode: 'automatic', horizon: 4, freshness: 5 } },
  apps: { web: { objective: 'snappy', policy: 'berth' } },
});

function lookAt(scores: Scores): RecordedLook {
  const { policies, objectives } = config;
  const decision = decide(
    decideCase({ policy: policies['berth'] as never, objective: objectives['snappy'] as never, policyVersion: 1 }, scores),
  );
  return { lookMs: LOOK, config, decisions: [decision], predictions: [prediction(scores)], claims: [], moves: [] };
}
const outcomes = (look: RecordedLook, change: Parameters<typeof whatIf>[1]) =>
  whatIf(look, change).map(({ now, then }) => [`${now.verdict} ${now.reason}`, `${then.verdict} ${then.reason}`]);

describe('what if', () => {
  const even = lookAt({ a: [0.5, 0.6, 0.7, 0.6], b: [0.5, 0.6, 0.7, 0.6] });
  const better = lookAt({ a: [0.2, 0.3, 0.5, 0.4], b: [0.7, 0.8, 0.9, 0.9] });

  test('the site of an app goes away: it moves to the other', () => {
    expect(outcomes(even, { gone: 'a' })).toEqual([['stay no-better-site', 'move ok']]);
  });

  test('the site it would move to goes away, or takes nothing: it stays', () => {
    expect(outcomes(better, { gone: 'b' })).toEqual([['move ok', 'stay feasible']]);
    expect(outcomes(better, { cordoned: 'b' })).toEqual([['move ok', 'stay feasible']]);
    expect(outcomes(even, { cordoned: 'a' })).toEqual([['stay no-better-site', 'stay no-better-site']]);
  });

  test('the margin is raised, or another policy is in force', () => {
    expect(outcomes(better, { margin: 0.6 })).toEqual([['move ok', 'stay gain']]);
    const policy = { ...(config.policies['berth'] as NonNullable<(typeof config.policies)['berth']>), mode: 'recommend' as const };
    expect(outcomes(better, { policy })).toEqual([['move ok', 'recommend mode']]);
  });

  test('waiting is left out: a move that is only not yet sustained is foreseen', () => {
    expect(better.decisions[0]?.reason).toBe('sustained');
    expect(whatIf(better, {})[0]?.now.verdict).toBe('move');
  });
});
