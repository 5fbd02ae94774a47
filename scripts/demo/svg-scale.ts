import { clockOf } from './clock.ts';
import { html, type Markup } from './html.ts';

export type Scale = (value: number) => number;
/** The inside of a plot, in units of its viewBox. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Every plot over time has this width and these margins, so that one moment is at one place all down the page. */
export const WIDE = { width: 1000, left: 118, right: 970 } as const;

export function linear(domain: Span, range: Span): Scale {
  const width = domain.to - domain.from || 1;
  return (value) => range.from + ((value - domain.from) / width) * (range.to - range.from);
}

export function logarithmic(domain: Span, range: Span): Scale {
  const scale = linear({ from: Math.log(domain.from), to: Math.log(domain.to) }, range);
  return (value) => scale(Math.log(value));
}

/** 1, 2 and 5 times the powers of ten within `domain`. */
export function logTicks({ from, to }: Span): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++) {
    for (const digit of [1, 2, 5]) {
      const tick = Number(`${digit}e${power}`);
      if (tick >= from && tick <= to) ticks.push(tick);
    }
  }
  return ticks;
}

/** The part of `span` inside `limits`; undefined = none. */
export function clip(span: Span, limits: Span): Span | undefined {
  const cut = { from: Math.max(span.from, limits.from), to: Math.min(span.to, limits.to) };
  return cut.to > cut.from ? cut : undefined;
}

const STEPS_S = [1, 2, 5, 10, 15, 20, 30, 60];

/** What an axis of time shows: a part of a run, counted from the start of the run. Epoch ms. */
export interface Timeline {
  readonly fromMs: number;
  readonly drawnFromMs: number;
  readonly toMs: number;
}

/** Round numbers of seconds since the start, at most `most` of them and one. */
export function timeTicks({ fromMs, drawnFromMs, toMs }: Timeline, most: number): number[] {
  const stepMs = 1000 * (STEPS_S.find((s) => (toMs - drawnFromMs) / 1000 / s <= most) ?? 120);
  const first = Math.ceil((drawnFromMs - fromMs) / stepMs);
  const last = Math.floor((toMs - fromMs) / stepMs);
  return Array.from({ length: last - first + 1 }, (_, i) => fromMs + (first + i) * stepMs);
}

/** Seconds since the start, and the clock below them. */
export function timeAxis(time: Timeline, x: Scale, box: Box): Markup {
  const ticks = timeTicks(time, Math.max(2, Math.floor((box.right - box.left) / 78)));
  const marks = ticks.map(
    (at) =>
      html`<line class="grid" x1="${x(at)}" x2="${x(at)}" y1="${box.top}" y2="${box.bottom}" /><text
          class="tick mid"
          x="${x(at)}"
          y="${box.bottom + 15}"
          >${Math.round((at - time.fromMs) / 1000)} s</text
        ><text class="clock mid" x="${x(at)}" y="${box.bottom + 28}">${clockOf(at)}</text>`,
  );
  return html`<g
    >${marks}<text class="axis" x="${box.left - 32}" y="${box.bottom + 15}" text-anchor="end">since start</text
    ><text class="clock" x="${box.left - 32}" y="${box.bottom + 28}" text-anchor="end">local clock</text></g
  >`;
}

/** Ticks of the vertical axis, its name beside it. */
export function valueAxis({ box, y, ticks, name }: { box: Box; y: Scale; ticks: readonly number[]; name: string }): Markup {
  const marks = ticks.map(
    (tick) =>
      html`<line class="grid" x1="${box.left}" x2="${box.right}" y1="${y(tick)}" y2="${y(tick)}" /><text
          class="tick"
          x="${box.left - 8}"
          y="${y(tick) + 4}"
          text-anchor="end"
          >${String(tick)}</text
        >`,
  );
  const middle = (box.top + box.bottom) / 2;
  const at = html`rotate(-90 ${box.left - 46} ${middle})`;
  return html`<g>${marks}<text class="axis mid" x="${box.left - 46}" y="${middle}" transform="${at}">${name}</text></g>`;
}
