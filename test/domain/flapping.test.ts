import { describe, expect, test } from 'vitest';
import { decide } from '../../domain/decide.ts';
import { isWanted } from '../../domain/decision-record.ts';
import type { PastDecision } from '../../domain/records.ts';
import { controller, decideCase, evidence, LOOK, policy, prediction, type Scores } from './decide-case.ts';

const STEP_MS = 2000;

interface World {
  readonly looks: number;
  readonly policy: ReturnType<typeof policy>;
  /** p50 of sites a and b at each look, with intervals of 0.05 on each side. */
  readonly scores: (look: number) => readonly [number, number];
  readonly cooldownLooks: number;
}

/** Decides look after look in a world in which every move succeeds at once; returns the looks at which the app moved. */
function movesIn({ looks, policy: p, scores, cooldownLooks }: World): number[] {
  const moves: number[] = [];
  let site = 'a';
  let past: PastDecision[] = [];
  for (let look = 0; look < looks; look++) {
    const lookMs = LOOK + look * STEP_MS;
    const named: Scores = Object.fromEntries(scores(look).map((q, i) => ['ab'[i], [q - 0.05, q, q + 0.05, 0.5]]));
    const last = moves.at(-1);
    const d = decide(
      decideCase(
        {
          policy: p,
          lookMs,
          nowMs: lookMs + 100,
          previousMs: lookMs - STEP_MS,
          past,
          placement: { app: 'web', site },
          prediction: prediction(named, { placed: site }),
          evidence: ['a', 'b'].map((s) => evidence(s)),
          ...(last !== undefined && { controller: controller({ coolUntilMs: LOOK + (last + cooldownLooks) * STEP_MS }) }),
        },
        named,
      ),
    );
    past = [
      {
        app: 'web',
        lookMs,
        verdict: d.verdict,
        wanted: isWanted(d),
        ...(d.from !== undefined && { from: d.from }),
        ...(d.to !== undefined && { to: d.to }),
      },
      ...past,
    ].slice(0, p.sustained.of - 1);
    if (d.verdict !== 'move' || d.to === undefined) continue;
    moves.push(look);
    site = d.to;
  }
  return moves;
}

describe('an app does not flap', () => {
  test('on a square wave as fast as the looks it never moves when two looks running are asked for', () => {
    const moves = movesIn({
      looks: 200,
      policy: policy({ sustained: { looks: 2, of: 2 } }),
      cooldownLooks: 0,
      scores: (k) => (k % 2 ? [0.3, 0.5] : [0.5, 0.3]),
    });
    expect(moves).toEqual([]);
  });

  test('with one look enough it moves at most once per cool-down', () => {
    const moves = movesIn({
      looks: 200,
      policy: policy({ sustained: { looks: 1, of: 1 } }),
      cooldownLooks: 10,
      scores: (k) => (k % 2 ? [0.3, 0.5] : [0.5, 0.3]),
    });
    expect(moves.length).toBeGreaterThan(1);
    expect(moves.length).toBeLessThanOrEqual(20);
    for (const [i, look] of moves.entries()) if (i > 0) expect(look - (moves[i - 1] ?? 0)).toBeGreaterThanOrEqual(10);
  });

  test('a lasting step of the needed gain is followed within the looks asked for, once', () => {
    const moves = movesIn({
      looks: 100,
      policy: policy({ sustained: { looks: 2, of: 3 } }),
      cooldownLooks: 5,
      scores: (k) => (k < 20 ? [0.5, 0.45] : [0.3, 0.5]),
    });
    expect(moves).toEqual([21]);
  });

  test('six looks whose winner changes give at most one move above the margin, and none below', () => {
    const winner = [0, 1, 0, 1, 1, 0];
    for (let percent = 1; percent <= 40; percent++) {
      // Half a percent off, because the margin of 0.1 itself is a matter of float32 rounding.
      const gap = (percent + 0.5) / 100;
      const moves = movesIn({
        looks: 6,
        policy: policy({ sustained: { looks: 2, of: 2 } }),
        cooldownLooks: 3,
        scores: (k) => (winner[k] === 0 ? [0.5, 0.5 - gap] : [0.5 - gap, 0.5]),
      });
      expect(moves).toEqual(gap > 0.1 ? [4] : []);
    }
  });
});
