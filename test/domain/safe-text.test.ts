import fc from 'fast-check';
import { expect, test } from 'vitest';
import { safeText } from '../../domain/safe-text.ts';

test.each([
  ['plain words, site-1 at 10:30', 'plain words, site-1 at 10:30'],
  ['<b onclick="x">', '&lt;b onclick\\=&quot;x&quot;&gt;'],
  ['**bold** _it_ `code` [l](u)', '\\*\\*bold\\*\\* \\_it\\_ \\`code\\` \\[l\\]\\(u\\)'],
  ['two\nlines\r\nand\ttab', 'two lines and tab'],
  ['\u001b[31mred\u0000', '\\[31mred'],
  ['abc\u202Edcb', 'abc dcb'],
  ['  ', ''],
])('%j becomes %j', (raw, safe) => {
  expect(safeText(raw)).toBe(safe);
});

test('a long text is cut with an ellipsis', () => {
  expect(safeText('x'.repeat(300))).toBe(`${'x'.repeat(199)}…`);
  expect(safeText('x'.repeat(2_000_000), 10)).toBe(`${'x'.repeat(9)}…`);
  expect(safeText('x'.repeat(200))).toHaveLength(200);
});

test('whatever comes in: one line, nothing invisible, no bare special, at most max characters before escaping', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.integer({ min: 1, max: 60 }), (raw, max) => {
      const safe = safeText(raw, max);
      expect(safe).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}<>"']/u);
      expect(safe.replace(/\\[\\`*_{}[\]()#+!|~=]|&(?:amp|lt|gt|quot|#39);/g, 'x')).not.toMatch(/[\\`*_{}[\]()#+!|~<>&"'=]/);
      expect([...safe.replace(/\\(.)|&(?:amp|lt|gt|quot|#39);/g, 'x')].length).toBeLessThanOrEqual(max);
    }),
  );
});
