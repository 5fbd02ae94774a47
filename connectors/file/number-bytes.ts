const POWERS = Array.from({ length: 23 }, (_, k) => 10 ** k);
const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '-', 'inf', '+inf', '-inf', 'infinity', '+infinity', '-infinity']);

/**
 * The number written in these bytes. NaN = missing: empty, NA, NaN, null, none or an infinity. Undefined = something else.
 * Up to 15 digits without an exponent are read without making a string; 10^22 and below are exact, so the quotient is rounded once.
 */
export function numberIn(bytes: Uint8Array, from: number, to: number): number | undefined {
  let at = from;
  let end = to;
  while (at < end && bytes[at]! <= 32) at++;
  while (end > at && bytes[end - 1]! <= 32) end--;
  if (at === end) return NaN;
  const start = at;
  const negative = bytes[at] === 45;
  if (negative) at++;
  let mantissa = 0;
  let digits = 0;
  let after = -1;
  for (; at < end; at++) {
    const c = bytes[at]!;
    if (c >= 48 && c <= 57) {
      mantissa = mantissa * 10 + (c - 48);
      digits++;
      if (after >= 0) after++;
    } else if (c === 46 && after < 0) after = 0;
    else break;
  }
  if (at === end && digits > 0 && digits <= 15) {
    const value = after > 0 ? mantissa / POWERS[after]! : mantissa;
    return negative ? -value : value;
  }
  return numberOfText(new TextDecoder().decode(bytes.subarray(start, end)));
}

export function numberOfText(text: string): number | undefined {
  const trimmed = text.trim();
  if (MISSING.has(trimmed.toLowerCase())) return NaN;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed)) return undefined;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : NaN;
}
