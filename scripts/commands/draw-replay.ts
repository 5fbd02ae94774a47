import type { Course } from '../../domain/replay/run-policy.ts';
import type { Trace } from '../../domain/replay/trace.ts';
import { html, type Markup, NOTHING, short } from '../demo/html.ts';
import { linear, type Scale, WIDE } from '../demo/svg-scale.ts';

export interface Played {
  readonly courses: readonly { readonly name: string; readonly course: Course }[];
  /** Site index on which every policy begins. */
  readonly start: number;
  readonly target: number;
}

/** After Okabe and Ito; sites beyond them begin anew. */
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#8a7a00', '#5a5a5a'];
/** Apps that are drawn, in the order of the trace. */
const APPS_MAX = 8;
const HEADER = 34;
const PLOT = 190;
const LANE = 15;
const FOOT = 44;

/** QoS of every site over time, berth's own as a thick line, its moves, and below where each policy was. One picture per app, one under the other. */
export function drawReplay(traces: readonly Trace[], played: Played): string {
  const drawn = traces.slice(0, APPS_MAX);
  const lanes = played.courses.filter((c) => !c.name.startsWith('never-move:'));
  const each = PLOT + lanes.length * LANE + FOOT + 24;
  const height = HEADER + drawn.length * each;
  const panels = drawn.map((trace, app) => panel(trace, { ...played, courses: lanes, app, top: HEADER + app * each }));
  const rest = traces.length - drawn.length;
  return html`<svg
    xmlns="http://www.w3.org/2000/svg"
    viewBox="0 0 ${WIDE.width} ${height}"
    font-family="system-ui, sans-serif"
    font-size="11"
    fill="#16191d"
  >
    <rect width="100%" height="100%" fill="#fff" />
    ${legend(traces[0]?.sites ?? [])}${panels}${
      rest > 0 ? html`<text x="${WIDE.left}" y="${height - 6}">${rest} more apps are not drawn</text>` : NOTHING
    }
  </svg>`.markup.concat('\n');
}

function legend(sites: readonly string[]): Markup {
  const width = Math.min(150, (WIDE.right - 40) / (sites.length + 1));
  const keys = sites.map(
    (site, i) =>
      html`<rect x="${20 + (i + 1) * width}" y="8" width="11" height="11" fill="${colour(i)}" /><text x="${36 + (i + 1) * width}" y="18"
          >${short(site, 18)}</text
        >`,
  );
  return html`<g><line x1="20" x2="42" y1="14" y2="14" stroke="#16191d" stroke-width="3" /><text x="48" y="18">berth</text>${keys}</g>`;
}

interface Panel extends Played {
  readonly app: number;
  readonly top: number;
}

function panel(trace: Trace, at: Panel): Markup {
  const x = linear({ from: 0, to: trace.windows }, { from: WIDE.left, to: WIDE.right });
  const bottom = at.top + PLOT;
  const y = linear(range(trace), { from: bottom, to: at.top + 12 });
  const berth = courseOf(trace, at, 'berth');
  const ways = trace.sites.map(
    (_, site) =>
      html`<path d="${way(trace, () => site, { x, y })}" fill="none" stroke="${colour(site)}" stroke-width="1" opacity="0.75" />`,
  );
  const lanes = at.courses.map(({ name }, i) => lane(trace, courseOf(trace, at, name), { name, x, top: bottom + 8 + i * LANE }));
  return html`<g
    ><text x="${WIDE.left}" y="${at.top + 4}" font-weight="600">QoS of ${short(trace.app, 60)}</text
    >${valueAxis(y, range(trace))}${targetLine(trace, y, at.target)}${ways}<path
      d="${way(trace, berth, { x, y })}"
      fill="none"
      stroke="#16191d"
      stroke-width="2.2"
    />${moves(trace, berth, { x, top: at.top + 12, bottom, start: at.start })}${lanes}${timeAxis(trace, x, bottom + 8 + at.courses.length * LANE)}</g
  >`;
}

function targetLine(trace: Trace, y: Scale, target: number): Markup {
  const { from, to } = range(trace);
  if (target < from || target > to) return NOTHING;
  return html`<line x1="${WIDE.left}" x2="${WIDE.right}" y1="${y(target)}" y2="${y(target)}" stroke="#b3261e" stroke-dasharray="6 4"
    ><title>target ${String(target)}</title></line
  >`;
}

type SiteAt = (window: number) => number;

function courseOf(trace: Trace, { courses, app, start }: Panel, name: string): SiteAt {
  const course = courses.find((c) => c.name === name)?.course;
  return (window) => course?.[app * trace.windows + window] ?? start;
}

/** Windows that share one column of the picture are drawn as their mean; an unknown stretch is a gap. */
function way(trace: Trace, siteAt: SiteAt, { x, y }: { x: Scale; y: Scale }): string {
  const parts: string[] = [];
  let isDown = false;
  for (const { from, to } of columns(trace)) {
    let [sum, known] = [0, 0];
    for (let window = from; window < to; window++) {
      const score = trace.scores[window * trace.sites.length + siteAt(window)] ?? NaN;
      if (Number.isNaN(score)) continue;
      sum += score;
      known++;
    }
    // A lone window would be a point without length.
    if (known > 0) parts.push(`${isDown ? 'L' : 'M'}${x(from).toFixed(1)} ${y(sum / known).toFixed(1)}H${x(to).toFixed(1)}`);
    isDown = known > 0;
  }
  return parts.join('');
}

function columns({ windows }: Trace): readonly { readonly from: number; readonly to: number }[] {
  const count = Math.min(windows, WIDE.right - WIDE.left);
  return Array.from({ length: count }, (_, i) => ({
    from: Math.floor((i * windows) / count),
    to: Math.floor(((i + 1) * windows) / count),
  }));
}

function moves(trace: Trace, berth: SiteAt, { x, top, bottom, start }: { x: Scale; top: number; bottom: number; start: number }): Markup[] {
  const marks: Markup[] = [];
  let [before, drawnAt] = [start, -1];
  for (let window = 0; window < trace.windows; window++) {
    const site = berth(window);
    const at = Math.round(x(window));
    if (site !== before && at !== drawnAt) {
      const text = `${instant(trace, window)}: ${trace.sites[before] ?? ''} to ${trace.sites[site] ?? ''}`;
      marks.push(
        html`<line x1="${at}" x2="${at}" y1="${top}" y2="${bottom}" stroke="${colour(site)}" stroke-width="1.5" stroke-dasharray="3 2"
          ><title>${text}</title></line
        >`,
      );
      drawnAt = at;
    }
    before = site;
  }
  return marks;
}

function lane(trace: Trace, siteAt: SiteAt, { name, x, top }: { name: string; x: Scale; top: number }): Markup {
  const cells = columns(trace).map(({ from, to }) => ({ from, to, site: siteAt(from) }));
  const runs: { from: number; to: number; site: number }[] = [];
  for (const cell of cells) {
    const last = runs.at(-1);
    if (last?.site === cell.site) last.to = cell.to;
    else runs.push({ ...cell });
  }
  const bars = runs.map(
    ({ from, to, site }) => html`<rect x="${x(from)}" y="${top}" width="${x(to) - x(from)}" height="${LANE - 4}" fill="${colour(site)}" />`,
  );
  return html`<text x="${WIDE.left - 6}" y="${top + 9}" font-size="9" text-anchor="end"
      >${short(name.replace('always-best-last-window', 'best last window'), 22)}</text
    >${bars}`;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** From the tenth below the lowest score to the tenth above the highest. */
function range({ scores }: Trace): Range {
  let [low, high] = [1, 0];
  for (const score of scores) {
    if (score < low) low = score;
    if (score > high) high = score;
  }
  const from = Math.floor(low * 10) / 10;
  return { from, to: Math.max(from + 0.1, Math.ceil(high * 10) / 10) };
}

function valueAxis(y: Scale, { from, to }: Range): Markup {
  const count = Math.round((to - from) * 10);
  const ticks = Array.from({ length: count + 1 }, (_, i) => from + i / 10);
  const marks = ticks.map(
    (tick) =>
      html`<line x1="${WIDE.left}" x2="${WIDE.right}" y1="${y(tick)}" y2="${y(tick)}" stroke="#e8ebef" /><text
          x="${WIDE.left - 6}"
          y="${y(tick) + 4}"
          text-anchor="end"
          >${tick.toFixed(1)}</text
        >`,
  );
  return html`<g>${marks}</g>`;
}

const MINUTE_MS = 60_000;
const STEPS_MS = [1, 5, 15, 30, 60, 180, 360, 720, 1440, 2880, 10_080, 43_200, 129_600, 525_600].map((m) => m * MINUTE_MS);

function timeAxis(trace: Trace, x: Scale, y: number): Markup {
  const { fromMs, everyMs, windows } = trace;
  const toMs = fromMs + windows * everyMs;
  const step = STEPS_MS.find((s) => (toMs - fromMs) / s <= 8) ?? (toMs - fromMs) / 8;
  const first = Math.ceil(fromMs / step);
  const ticks = Array.from({ length: Math.max(0, Math.floor(toMs / step) - first + 1) }, (_, i) => (first + i) * step);
  const marks = ticks.map((ms) => {
    const at = x((ms - fromMs) / everyMs);
    const text = new Date(ms).toISOString();
    return html`<line x1="${at}" x2="${at}" y1="${y}" y2="${y + 4}" stroke="#59626d" /><text x="${at}" y="${y + 16}" text-anchor="middle"
        >${step % 86_400_000 === 0 ? text.slice(0, 10) : text.slice(5, 16).replace('T', ' ')}</text
      >`;
  });
  return html`<g>${marks}<text x="20" y="${y + 16}">UTC</text></g>`;
}

const instant = ({ fromMs, everyMs }: Trace, window: number): string => new Date(fromMs + window * everyMs).toISOString().slice(0, 16);
const colour = (site: number): string => COLOURS[site % COLOURS.length] ?? '';
