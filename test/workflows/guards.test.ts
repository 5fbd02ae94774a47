import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';

import {
  approvalMessageSchema,
  moveEndedSchema,
  moveLostSchema,
  operatorMessageSchema,
  proposalSchema,
  siteMessageSchema,
} from '../../domain/messages.ts';
import { safeText as domainText } from '../../domain/safe-text.ts';
import {
  readApprovalMessage,
  readMoveEnded,
  readMoveLost,
  readOperatorMessage,
  readProposal,
  readSiteMessage,
  type Read,
} from '../../workflows/guards.ts';
import { safeText as workflowText } from '../../workflows/text.ts';

const RUNS = 2500;

const text = fc.oneof(
  fc.string(),
  fc.constantFrom('', ' ', '\u00a0', 'ann', 'x'.repeat(100), 'x'.repeat(101), 'x'.repeat(1000), 'x'.repeat(1001), '__proto__'),
);
const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 's0', 'shop-2') },
  fc.constantFrom('a', 's0', 'a-b', '-a', 'a-', 'A', 'ä', 'x'.repeat(63), 'x'.repeat(64), 's0\n', ''),
  fc.string(),
);
const number = fc.oneof(
  { weight: 3, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  fc.double(),
  fc.integer(),
  fc.constantFrom(NaN, Infinity, -Infinity, -0, 0, -1, 1e-300, 366 * 86_400, 366 * 86_400 + 0.1, Number.MAX_VALUE),
);
const instant = fc.oneof(
  fc.date({ noInvalidDate: true }).map((d) => d.toISOString()),
  fc.constantFrom(
    '2026-11-25T18:00:00Z',
    '2026-11-25T18:00Z',
    '2026-11-25T18:00:00+01:00',
    '2026-11-25',
    '2026-13-25T18:00:00Z',
    '2026-02-31T18:00:00Z',
    '2026-11-25T25:00:00Z',
    '2026-11-25T18:00:00',
    'tomorrow',
    '2026-11-25T18:00:00.1234567891Z',
    '2026-11-25T18:00:00Z\n',
  ),
);
const junk = fc.oneof(
  fc.anything({ withBigInt: true, withNullPrototype: true, withDate: true, withMap: true }),
  text,
  number,
  fc.constant(undefined),
  fc.constant(null),
);

/** Messages of a shape: right ones, ones with a field that is wrong or missing or too many, and anything at all. */
function messages(shape: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> {
  const keys = Object.keys(shape);
  const near = fc.record(shape, { requiredKeys: [] });
  const spoilt = fc.tuple(near, fc.constantFrom(...keys), junk).map(([message, key, value]) => ({ ...message, [key]: value }));
  const extra = fc
    .tuple(near, fc.oneof(fc.constantFrom('__proto__', 'constructor', 'toString', 'By', 'forMs'), fc.string()), junk)
    .map(([message, key, value]) => withOwn(message, key, value));
  return fc.oneof(
    { weight: 4, arbitrary: fc.record(shape) },
    { weight: 4, arbitrary: near },
    { weight: 4, arbitrary: spoilt },
    { weight: 2, arbitrary: extra },
    { weight: 1, arbitrary: junk },
  );
}

/** As JSON.parse makes it: `__proto__` is a field of its own. */
const withOwn = (message: object, key: string, value: unknown) =>
  Object.defineProperty({ ...message }, key, { value, enumerable: true, configurable: true, writable: true });

const statement = { by: fc.oneof(text, fc.constant('ann')), reason: fc.oneof(text, fc.constant('deploy')) };
const ends = {
  until: fc.oneof(instant, fc.constant(undefined)),
  forS: fc.oneof(number, fc.constant(undefined)),
  id: fc.oneof(text, fc.constant(undefined)),
};

const pairs: readonly (readonly [string, (raw: unknown) => Read<unknown>, z.ZodType, fc.Arbitrary<unknown>])[] = [
  ['an operator message', readOperatorMessage, operatorMessageSchema, messages({ ...statement, ...ends })],
  ['a site message', readSiteMessage, siteMessageSchema, messages({ ...statement, ...ends, site: name })],
  [
    'an approval',
    readApprovalMessage,
    approvalMessageSchema,
    messages({ ...statement, ...ends, decision: fc.oneof(text, fc.constant(undefined)) }),
  ],
  [
    'a proposal',
    readProposal,
    proposalSchema,
    messages({
      decisionId: fc.constantFrom('d1', 'x'.repeat(200), 'x'.repeat(201)),
      app: name,
      from: name,
      to: name,
      gain: number,
      verdict: fc.constantFrom('move', 'recommend', 'approve', 'stay'),
      drainedBy: fc.oneof(text, fc.constant(undefined)),
      expiresMs: number,
      reason: text,
    }),
  ],
  [
    'the end of a move',
    readMoveEnded,
    moveEndedSchema,
    messages({
      decisionId: text,
      end: fc.constantFrom('done', 'reverted', 'revert-failed', 'refused', 'lost'),
      why: fc.oneof(text, fc.constant(undefined)),
    }),
  ],
  ['a lost move', readMoveLost, moveLostSchema, messages({ decisionId: text })],
];

/** The schema throws at things that cannot even be turned into text, such as an object without a prototype where a length should be. */
function parse(schema: z.ZodType, raw: unknown): ReturnType<z.ZodType['safeParse']> | { success: false } {
  try {
    return schema.safeParse(raw);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { success: false };
  }
}

describe('the guard by hand and the schema agree', () => {
  test.each(pairs)('on %s', (_, read, schema, arbitrary) => {
    let taken = 0;
    fc.assert(
      fc.property(arbitrary, (raw) => {
        const guard = read(raw);
        const parsed = parse(schema, raw);
        if (guard.ok) taken++;
        expect({ ok: guard.ok, why: guard.ok ? '' : guard.why }).toEqual({ ok: parsed.success, why: expect.any(String) });
        if (guard.ok && parsed.success) expect(guard.value).toEqual(parsed.data);
      }),
      { numRuns: RUNS },
    );
    expect(taken, 'the cases must not all be bad').toBeGreaterThan(RUNS / 100);
  });

  test('a refusal is one line of bounded length that leaks no control characters', () => {
    fc.assert(
      fc.property(fc.constantFrom(...pairs), junk, (pair, raw) => {
        const answer = pair[1](raw);
        if (!answer.ok) expect(answer.why).toMatch(/^[^\u0000-\u001f]{5,400}$/);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('text that people wrote is made safe in the same way in workflows and elsewhere', () => {
  const wild = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom('<', '&', '"', "'", '=', '*', '`', '|', '\u202e', '\u200b', '\ud800', '\u{1f600}', '\n', 'x') }),
  );
  test('for any text and length', () => {
    fc.assert(
      fc.property(wild, fc.integer({ min: 0, max: 40 }), (value, max) => {
        expect(workflowText(value, max)).toBe(domainText(value, max));
      }),
      { numRuns: RUNS },
    );
    expect(workflowText('x'.repeat(300))).toBe(domainText('x'.repeat(300)));
  });
});
