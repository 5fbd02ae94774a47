/** Markup that is safe to place in a page as it is. Only `html` makes it. */
export interface Markup {
  readonly markup: string;
}
export type Piece = Markup | readonly Markup[] | string | number;

const ENTITY: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
// Control and format characters (bidirectional overrides, zero width), line separators, lone surrogates.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;

/**
 * HTML or SVG in which every text that is put in is escaped, so that nobody has to remember to. Numbers are coordinates and
 * counts: at most one decimal. Line breaks of the source become single spaces. Throws on a number that is not finite, because a page with NaN in it is a fault of ours.
 */
export function html(literals: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  const markup = literals.reduce((all, literal, i) => all + written(pieces[i - 1] ?? '') + literal.replace(/\n\s*/g, ' '));
  return { markup };
}

export const NOTHING: Markup = { markup: '' };

/** Text of unknown length, cut to `max` characters with an ellipsis. */
export function short(text: string, max: number): string {
  const characters = [...text.slice(0, max * 2 + 2)];
  return characters.length > max ? `${characters.slice(0, max - 1).join('')}…` : text;
}

function written(piece: Piece): string {
  if (typeof piece === 'string') return piece.replace(INVISIBLE, ' ').replace(/[&<>"']/g, (c) => ENTITY[c] ?? '');
  if (typeof piece === 'number') return coordinate(piece);
  return 'markup' in piece ? piece.markup : piece.map((one) => one.markup).join('');
}

function coordinate(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} cannot be drawn`);
  return String(Math.round(value * 10) / 10);
}
