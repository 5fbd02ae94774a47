import { moment } from './figures.ts';
import { html, NOTHING, type Markup } from './html.ts';
import { drawnSpan, switchesOf, type DrawnStory } from './placed.ts';
import type { PolicyName } from './result.ts';
import { lane, laneHeight } from './svg-lanes.ts';
import { line, runsOf } from './svg-line.ts';
import { linear, logarithmic, logTicks, timeAxis, valueAxis, WIDE, type Box, type Scale, type Span } from './svg-scale.ts';

const APPS: readonly PolicyName[] = ['held', 'reactive', 'berth'];
const BOX: Box = { left: WIDE.left, right: WIDE.right, top: 50, bottom: 330 };
const LANES_TOP = 350;
/** A row per second; half a second of slack. */
const NEXT_MS = 1500;

interface Plot {
  readonly story: DrawnStory;
  readonly x: Scale;
  readonly y: Scale;
}

/** Median latency of the three apps over time, and below it where each of them was while the neighbours wandered. */
export function latencyPlot(story: DrawnStory, boundMs: number): Markup {
  const domain = latencySpan(story, boundMs);
  const time = drawnSpan(story);
  const plot: Plot = {
    story,
    x: linear(time, { from: BOX.left, to: BOX.right }),
    y: logarithmic(domain, { from: BOX.bottom, to: BOX.top }),
  };
  const bottom = LANES_TOP + APPS.length * laneHeight(story.sites.length) - 8;
  const lanes = APPS.map((app, i) => lane({ story, app, top: LANES_TOP + i * laneHeight(story.sites.length), x: plot.x }));
  return html`<svg viewBox="0 0 ${WIDE.width} ${bottom + 36}" role="img" aria-labelledby="latency-title latency-desc">
    <title id="latency-title">Median latency per second of the apps held, reactive and berth</title>
    <desc id="latency-desc">
      Logarithmic axis of milliseconds over seconds since the start. Below, a row per site shows where each app was and when neighbours were
      warm or hot there.
    </desc>
    ${profiling(plot, bottom)}${timeAxis(story, plot.x, { ...BOX, bottom })}${valueAxis({ box: BOX, y: plot.y, ticks: logTicks(domain), name: 'median latency, ms (log)' })}
    ${APPS.map((app) => marks(plot, app))}${APPS.map((app) => curve(plot, app))}${boundLine(plot, boundMs)}${emptyNote(story)}${lanes}
  </svg>`;
}

function latencySpan(story: DrawnStory, boundMs: number): Span {
  const seen = APPS.flatMap((app) => story.latency[app].map((row) => row.p50Ms)).filter(
    (ms) => ms !== undefined && ms > 0 && Number.isFinite(ms),
  ) as number[];
  const all = boundMs > 0 && Number.isFinite(boundMs) ? [...seen, boundMs] : seen;
  const low = all.reduce((a, b) => Math.min(a, b), Infinity);
  const high = all.reduce((a, b) => Math.max(a, b), 0);
  return all.length === 0 ? { from: 1, to: 100 } : { from: low / 1.3, to: high * 1.3 };
}

function profiling({ story, x }: Plot, bottom: number): Markup {
  const width = x(story.comparedFromMs) - BOX.left;
  if (width <= 0) return NOTHING;
  const words = width > 250 ? 'profiling and training (not compared)' : width > 70 ? 'profiling' : '';
  const compared =
    BOX.right - BOX.left - width > 70 ? html`<text class="note" x="${BOX.left + width + 6}" y="${BOX.top - 34}">compared</text>` : NOTHING;
  return html`<rect class="profiling" x="${BOX.left}" y="0" width="${width}" height="${bottom}"
      ><title>Profiling and training until ${moment(story.comparedFromMs, story.fromMs)}</title></rect
    ><text class="note" x="${BOX.left + 6}" y="${BOX.top - 34}">${words}</text>${compared}`;
}

function boundLine({ y }: Plot, boundMs: number): Markup {
  if (!(boundMs > 0) || !Number.isFinite(boundMs)) return NOTHING;
  return html`<line class="bound" x1="${BOX.left}" x2="${BOX.right}" y1="${y(boundMs)}" y2="${y(boundMs)}" /><text
      class="bound-name"
      x="${BOX.right - 4}"
      y="${y(boundMs) - 6}"
      text-anchor="end"
      >bound ${String(boundMs)} ms</text
    >`;
}

/** A second without requests is a gap; one with requests of which none was answered is a cross at the top: it is worse than any latency. */
function curve({ story, x, y }: Plot, app: PolicyName): Markup {
  const rows = story.latency[app];
  const known = rows.flatMap((row) =>
    row.n > 0 && row.p50Ms !== undefined && row.p50Ms > 0 && Number.isFinite(row.p50Ms) ? [{ atMs: row.atMs, y: y(row.p50Ms) }] : [],
  );
  const runs = runsOf(known, NEXT_MS).map((run) => run.map((row) => ({ x: x(row.atMs + 500), y: row.y })));
  const silent = rows.filter((row) => row.n > 0 && row.p50Ms === undefined);
  const crosses = silent.map(
    (row) =>
      html`<path class="line ink-${app}" d="M${x(row.atMs + 500) - 3} ${BOX.top}l6 6m-6 0l6 -6"
        ><title>${app}: ${row.n} requests, none answered, at ${moment(row.atMs, story.fromMs)}</title></path
      >`,
  );
  return html`${line(runs, `line ink-${app}`)}${crosses}`;
}

/** Moves of the time compared, over the whole height: which way is told by the triangle, up or down as in the rows below. */
function marks({ story, x }: Plot, app: PolicyName): Markup {
  const lift = 6 * APPS.indexOf(app);
  const moves = switchesOf(story, app).filter((one) => one.atMs >= story.comparedFromMs);
  return html`${moves.map((one) => {
    const at = x(one.atMs);
    const down = story.sites.indexOf(one.to) > story.sites.indexOf(one.from);
    const [tip, base] = down ? [BOX.top - 2 - lift, BOX.top - 10 - lift] : [BOX.top - 10 - lift, BOX.top - 2 - lift];
    return html`<g
      ><line class="move ink-${app}" x1="${at}" x2="${at}" y1="${BOX.top - 2 - lift}" y2="${BOX.bottom}" /><path
        class="fill-${app}"
        d="M${at} ${tip}L${at - 5} ${base}L${at + 5} ${base}Z"
        ><title>${app} moved from ${one.from} to ${one.to} at ${moment(one.atMs, story.fromMs)}</title></path
      ></g
    >`;
  })}`;
}

function emptyNote(story: DrawnStory): Markup {
  if (APPS.some((app) => story.latency[app].some((row) => row.p50Ms !== undefined))) return NOTHING;
  return html`<text class="empty mid" x="${(BOX.left + BOX.right) / 2}" y="${BOX.top + 60}"
    >No request was answered: there is no latency to draw.</text
  >`;
}
