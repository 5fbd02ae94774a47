import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { policySchema } from '../../domain/config.ts';
import { decide } from '../../domain/decide.ts';
import { replayTraces } from '../../domain/replay/replay-traces.ts';
import { checkoutFolder } from '../../scripts/platform/checkout.ts';
import { decideCase, prediction, type Scores } from './decide-case.ts';
import { traceOf } from './replay/traces.ts';

/** The cases 3, 6, 9 and 10, which need a cluster and workflows, are in test/workflows/predecessor.test.ts, on the platform in memory. */
const THREE: Scores = { a: [0.2, 0.3, 0.5, 0.4], b: [0.5, 0.6, 0.7, 0.7], c: [0.8, 0.9, 0.95, 0.95] };

describe('what the predecessor did wrong', () => {
  test('1: its six published ticks give at most one move over every gap, and none to where the app is', () => {
    // The log holds only the winners; the losers are assumed to be behind by a gap.
    const winners = [0, 0, 1, 1, 0, 1];
    const moves = Array.from({ length: 40 }, (_, i) => {
      const gap = (i + 1.5) / 100;
      // A seventh window, which nobody sees: the sixth tick decides about it.
      const rows = [...winners, 1].map((winner) => [0.6 - (winner === 0 ? 0 : gap), 0.6 - (winner === 1 ? 0 : gap)]);
      const policy = policySchema.parse({ sustained: { looks: 2, of: 2 } });
      const { berth, policies } = replayTraces([traceOf(rows)], { start: 0, target: 0.5, moveCostS: 0, policy });
      const changes = [...berth].filter((site, at) => site !== (at === 0 ? 0 : berth[at - 1])).length;
      // A move that changes nothing would be counted in one and not in the other.
      expect(policies[0]).toMatchObject({ name: 'berth', moves: changes });
      return changes;
    });
    expect(Math.max(...moves)).toBeLessThanOrEqual(1);
    expect(moves.slice(0, 4)).toEqual([0, 0, 0, 0]);
    const reference = replayTraces([traceOf([...winners, 1].map((w) => [w === 0 ? 0.6 : 0.4, w === 1 ? 0.6 : 0.4]))], {
      start: 0,
      target: 0.5,
      moveCostS: 0,
      policy: policySchema.parse({}),
    }).policies.find((p) => p.name === 'reference:arg-max');
    expect(reference?.moves).toBe(3);
  });

  test.each(['qos of the present site', 'qos of the target', 'samples of the app'])(
    '2: without the %s nothing moves, for one reason',
    (what) => {
      const scores: Scores = {
        a: what === 'qos of the present site' ? [NaN, NaN, NaN, NaN] : [0.2, 0.3, 0.5, 0.4],
        b: what === 'qos of the target' ? [NaN, NaN, NaN, NaN] : [0.7, 0.8, 0.9, 0.9],
      };
      const row = prediction(scores, what === 'samples of the app' ? { appAgeS: NaN } : {});
      expect(decide(decideCase({ prediction: row }, scores))).toMatchObject({ verdict: 'hold', reason: 'fresh' });
    },
  );

  test('4: the sites in another order lead to the same site by its name', () => {
    const turned: Scores = { c: THREE['c'] as never, b: THREE['b'] as never, a: THREE['a'] as never };
    const placed = { placement: { app: 'web', site: 'a' } };
    const straight = decide(decideCase(placed, THREE));
    const reversed = decide(decideCase({ ...placed, prediction: prediction(turned, { placed: 'a' }) }, turned));
    expect([straight.verdict, straight.to]).toEqual(['move', 'c']);
    expect([reversed.verdict, reversed.to, reversed.gain]).toEqual(['move', 'c', straight.gain]);
  });

  test('5: a control-plane node with its taint is never chosen', () => {
    const refusals = [{ site: 'c', refusal: 'node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }' }];
    const decision = decide(decideCase({ refusals }, THREE));
    expect([decision.verdict, decision.to]).toEqual(['move', 'b']);
    expect(decision.candidates.find((c) => c.site === 'c')?.refusal).toMatch(/control-plane/);
  });

  test('7: the chosen site is the best of those that can take the app, not the next in the list', () => {
    expect(decide(decideCase({}, THREE)).to).toBe('c');
    const last: Scores = { a: THREE['a'] as never, b: THREE['c'] as never, c: THREE['b'] as never };
    expect(decide(decideCase({}, last)).to).toBe('b');
  });

  test('8: what is deployed holds no cluster-admin and no credential as an argument', () => {
    const root = checkoutFolder();
    const files = [
      'docker-compose.yml',
      ...readdirSync(join(root, 'deploy'), { recursive: true, encoding: 'utf8' }).map((f) => join('deploy', f)),
    ];
    const texts = files
      .filter((f) => existsSync(join(root, f)) && /\.(ya?ml|json)$|Dockerfile$/.test(f))
      .map((f) => readFileSync(join(root, f), 'utf8'));
    expect(texts.length).toBeGreaterThanOrEqual(2);
    for (const text of texts) {
      expect(text).not.toMatch(/^[^#\n]*cluster-admin/m);
      expect(text).not.toMatch(/--[a-z-]*(password|token|secret)[= ]["']?[^\s"'$]/i);
    }
  });
});
