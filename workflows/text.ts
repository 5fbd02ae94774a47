const SPECIAL = /[\\`*_{}[\]()#+!|~<>&"'=]/g;
const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
// Control, format (bidirectional overrides, zero width), line and paragraph separators, lone surrogates.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;

/**
 * The same as in domain/, whose values may not come in here; a test proves them equal. Text that people or other systems wrote, made harmless for a terminal, a Markdown page and an HTML page alike: one line, no control or
 * invisible characters, at most `max` characters before escaping (an ellipsis marks a cut), specials escaped.
 */
export function safeText(text: string, max = 200): string {
  // The first cut bounds the work on a megabyte of input; a surrogate pair it splits falls to INVISIBLE.
  const line = text
    .slice(0, max * 4)
    .replace(INVISIBLE, ' ')
    .trim();
  const characters = [...line];
  const cut = characters.length > max || text.length > max * 4;
  const kept = cut ? `${characters.slice(0, Math.max(0, max - 1)).join('')}…` : line;
  return kept.replace(SPECIAL, (c) => HTML[c] ?? `\\${c}`);
}

/** `12:34:56` of an instant, UTC; enough for a line that lies beside a dated event. */
export function clock(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)}Z`;
}
