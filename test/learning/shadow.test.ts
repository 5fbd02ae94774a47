import { expect, test } from 'vitest';
import type { OutcomeRow, ShadowRow } from '../../domain/records.ts';
import { judgeShadow } from '../../learning/shadow.ts';

const shadow = (lookMs: number, challenger: number | null, champion: number | null): ShadowRow => ({
  key: 'm',
  version: 2,
  lookMs,
  app: 'a',
  said: { sites: ['s0', 's1'], challenger: [0, challenger], champion: [0, champion], verdict: 'move', to: 's0', championVerdict: 'stay' },
});
const outcome = (lookMs: number, actual: number): OutcomeRow => ({
  app: 'a',
  site: 's1',
  lookMs,
  targetMs: lookMs + 1,
  p10: 0,
  p50: 0,
  p90: 1,
  actual,
  predictor: 'model',
});

test('both are measured by what happened where the app was', () => {
  const ruling = judgeShadow([shadow(1, 0.5, 0.9), shadow(2, 0.7, 0.6), shadow(3, 0.1, 0.1)], [outcome(1, 0.5), outcome(2, 0.6)]);
  expect(ruling).toMatchObject({ looks: 3, outcomes: 2, ok: true });
  expect(ruling.why).toBe(
    'in the shadow of 3 looks its error in score was 0.0500, that of the champion 0.2000, on 2 outcomes; ' +
      'it would have moved or recommended 3 times, the champion did 0 times',
  );
});

test('a worse one is told, an equal one is no worse, and without an outcome that both spoke of nothing is ruled', () => {
  expect(judgeShadow([shadow(1, 0.9, 0.5)], [outcome(1, 0.5)]).ok).toBe(false);
  expect(judgeShadow([shadow(1, 0.5, 0.5)], [outcome(1, 0.4)]).ok).toBe(true);
  expect(judgeShadow([shadow(1, null, 0.5), shadow(2, 0.4, null)], [outcome(1, 0.5), outcome(2, 0.5)]).ok).toBeUndefined();
  expect(judgeShadow([], [])).toMatchObject({ looks: 0, outcomes: 0 });
});
