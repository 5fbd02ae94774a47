import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { policySchema } from '../../domain/config.ts';
import { type MoveRecord, realisedGain, timeToMove } from '../../domain/move-record.ts';
import { rightsByRecord, rightsOf } from '../../domain/rights.ts';
import { trackRecord, trackSentence } from '../../domain/track-record.ts';

const NOW = 1_700_000_000_000;
let n = 0;
const move = (change: Partial<MoveRecord> = {}): MoveRecord => ({
  decisionId: `web-${++n}`,
  app: 'web',
  from: 'a',
  to: 'b',
  origin: 'look',
  end: 'done',
  endedMs: NOW - n,
  predictedGain: 0.2,
  model: { key: 'web', version: 3 },
  ...change,
});
/** A move that gained so many score points from 0.5. */
const gained = (gain: number, change: Partial<MoveRecord> = {}) => move({ scoreBefore: 0.5, scoreAfter: 0.5 + gain, ...change });

test('a move made ahead of trouble is measured against staying, not against the good time before it', () => {
  const ahead = { end: 'done', scoreBefore: 0.9, scoreAfter: 0.85 } as const;
  expect(realisedGain(ahead)).toBeCloseTo(-0.05);
  expect(realisedGain({ ...ahead, scoreIfStayed: 0.3 })).toBeCloseTo(0.55);
  expect(trackRecord([move({ ...ahead, scoreIfStayed: 0.5 })]).all).toMatchObject({ helped: 1, share: expect.closeTo(0.7) as number });
});

describe('a track record', () => {
  test('of 40 moves of known truth says 34 helped, and by how much', () => {
    // 34 gained 0.01, 0.02 .. 0.34; 4 lost 0.1 and were undone; 1 came never up; of 1 nothing was measured.
    const moves = [
      ...Array.from({ length: 34 }, (_, i) => gained((i + 1) / 100)),
      ...Array.from({ length: 4 }, () => gained(-0.1, { end: 'reverted' })),
      move({ end: 'reverted', why: 'crash loop', scoreBefore: 0.5 }),
      move({ origin: 'override' }),
    ];
    const { all } = trackRecord(moves);
    // Known are 39: -0.1 four times, 0, then 0.01 ..; the 20th is 0.15. As a share of 0.5 it is 30 % (the one that never came up counts as 0).
    expect(all).toEqual({
      moves: 40,
      helped: 34,
      undone: 5,
      untold: 1,
      realised: expect.closeTo(0.15),
      share: expect.closeTo(0.3),
      predicted: 0.2,
    });
    expect(trackSentence(all)).toBe('of 40 moves 34 helped, median +0.15 points (+30 %); 5 were undone; of 1 the gain is not known');
  });

  test('is cut by app, by the site moved to, and by who wanted it', () => {
    const record = trackRecord([
      gained(0.1),
      gained(0.2, { app: 'shop', to: 'c', model: { key: 'web', version: 4 } }),
      gained(-0.1, { origin: 'override' }),
    ]);
    expect(Object.keys(record.apps)).toEqual(['shop', 'web']);
    expect(record.sites['c']).toMatchObject({ moves: 1, helped: 1 });
    expect(Object.keys(record.models)).toEqual(['web@3', 'web@4']);
    const { model: _, ...byHand } = gained(0.1, { origin: 'override' });
    const { model: __, ...byRule } = gained(0.1);
    expect(Object.keys(trackRecord([byHand, byRule]).models)).toEqual(['override', 'rule']);
  });

  test('counts every move once: the groups of each cut add up to the whole', () => {
    const some = fc.record({
      app: fc.constantFrom('x', 'y'),
      to: fc.constantFrom('a', 'b', 'c'),
      gain: fc.option(fc.double({ min: -0.5, max: 0.5, noNaN: true }), { nil: undefined }),
      end: fc.constantFrom('done', 'reverted', 'revert-failed'),
    });
    fc.assert(
      fc.property(fc.array(some), (rows) => {
        const moves = rows.map(({ gain, ...rest }) =>
          move({ ...rest, ...(gain !== undefined && { scoreBefore: 0.5, scoreAfter: 0.5 + gain }) } as Partial<MoveRecord>),
        );
        const { all, ...cuts } = trackRecord(moves);
        for (const cut of Object.values(cuts))
          for (const figure of ['moves', 'helped', 'undone', 'untold'] as const)
            expect(Object.values(cut).reduce((sum, t) => sum + t[figure], 0)).toBe(all[figure]);
        expect(all.helped).toBeLessThanOrEqual(all.moves - all.undone);
      }),
    );
  });

  test('of no move says so, and -0 is nothing lost', () => {
    expect(trackSentence(trackRecord([]).all)).toBe('no move has ended yet');
    expect(trackSentence(trackRecord([gained(-0.0001)]).all)).toBe('of 1 move 0 helped, median +0.00 points (+0 %)');
  });

  test('does not invent a gain', () => {
    expect(realisedGain(move())).toBeUndefined();
    expect(realisedGain(move({ scoreBefore: 0.4 }))).toBeUndefined();
    expect(realisedGain(move({ end: 'reverted', scoreBefore: 0.4 }))).toBe(0);
  });
});

describe('rights', () => {
  const policy = policySchema.parse({ rights: { floor: -0.05, least: 3, last: 5, within: '1d' } });
  const rights = (...moves: MoveRecord[]) => rightsOf(moves, policy, NOW);

  test.each([
    ['no move', [], 'automatic'],
    ['too few bad ones', [gained(-0.5), gained(-0.5)], 'automatic'],
    ['good ones', [gained(0.1), gained(0.1), gained(-0.1)], 'automatic'],
    ['a mean below the floor', [gained(-0.07), gained(-0.07), gained(-0.07)], 'approve'],
    ['more than half undone', [gained(0, { end: 'reverted' }), gained(0, { end: 'reverted' }), gained(0.1)], 'approve'],
    ['below the floor and undone', [gained(-0.07, { end: 'reverted' }), gained(-0.07, { end: 'reverted' }), gained(-0.07)], 'recommend'],
    ['below twice the floor', [gained(-0.2), gained(-0.2), gained(-0.2)], 'recommend'],
    ['what operators wanted', Array.from({ length: 3 }, () => gained(-0.5, { origin: 'override' })), 'automatic'],
    ['what was cancelled', Array.from({ length: 3 }, () => gained(-0.5, { end: 'reverted', why: 'cancelled' })), 'automatic'],
    ['what is long ago', Array.from({ length: 3 }, () => gained(-0.5, { endedMs: NOW - 86_400_001 })), 'automatic'],
    ['what nobody measured', [move(), move(), move()], 'automatic'],
  ] as const)('after %s: %s', (_, moves, right) => {
    expect(rights(...moves).right).toBe(right);
  });

  test('come back by better moves, which push the bad ones out', () => {
    const bad = Array.from({ length: 3 }, (_, i) => gained(-0.1, { endedMs: NOW - 1000 - i }));
    const good = Array.from({ length: 4 }, (_, i) => gained(0.1, { endedMs: NOW - i, origin: 'approval' }));
    expect(rights(...bad).right).toBe('approve');
    expect(rights(...good, ...bad)).toMatchObject({ right: 'automatic', moves: 5, gain: expect.closeTo(0.06) });
  });

  test('are those of one version, of all its moves and of those to each site', () => {
    const moves = [
      ...Array.from({ length: 3 }, () => gained(-0.2, { to: 'b' })),
      ...Array.from({ length: 9 }, () => gained(0.3, { to: 'c' })),
      ...Array.from({ length: 3 }, () => gained(-0.5, { model: { key: 'web', version: 4 } })),
    ];
    const { model, sites } = rightsByRecord(moves, { model: { key: 'web', version: 3 }, policy: policySchema.parse({}), nowMs: NOW });
    expect(model.right).toBe('automatic');
    expect([...sites].map(([site, r]) => [site, r.right])).toEqual([
      ['b', 'recommend'],
      ['c', 'automatic'],
    ]);
  });
});

test('a model that turns bad moves nothing by itself after `last` moves at most, whatever it had gained before, and regains it by as many good ones', () => {
  const rights = fc.record({ least: fc.integer({ min: 1, max: 10 }), last: fc.integer({ min: 10, max: 30 }) });
  const before = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 });
  fc.assert(
    fc.property(rights, before, fc.double({ min: -1, max: -0.06, noNaN: true }), (limits, gains, bad) => {
      const limited = policySchema.parse({ rights: limits });
      const history = gains.map((gain, i) => gained(gain, { endedMs: NOW + i }));
      let made = 0;
      for (; rightsOf(history, limited, NOW).right === 'automatic' && made <= limits.last; made++)
        history.push(gained(bad, { endedMs: NOW + history.length }));
      expect(made).toBeLessThanOrEqual(limits.last);
      for (let i = 0; i < limits.last; i++) history.push(gained(0.1, { endedMs: NOW + history.length, origin: 'approval' }));
      expect(rightsOf(history, limited, NOW).right).toBe('automatic');
    }),
    { numRuns: 100 },
  );
});

test('the time to move is that of nine of ten of the newest twenty, and unknown below ten', () => {
  const took = (...seconds: number[]) => timeToMove(seconds.map((readyS) => ({ readyS })));
  expect(took(...Array.from({ length: 9 }, () => 5))).toBeUndefined();
  expect(took(1, 2, 3, 4, 5, 6, 7, 8, 9, 100)).toBe(9);
  expect(took(...Array.from({ length: 20 }, () => 3), 900, 900, 900)).toBe(3);
  expect(timeToMove(Array.from({ length: 20 }, () => ({})))).toBeUndefined();
});
