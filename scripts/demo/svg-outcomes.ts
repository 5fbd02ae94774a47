import type { Outcome } from './accuracy.ts';
import { html, NOTHING, type Markup } from './html.ts';
import { drawnSpan, type DrawnStory } from './placed.ts';
import { band, line, runsOf, usualGapMs } from './svg-line.ts';
import { linear, timeAxis, valueAxis, WIDE, type Box, type Scale } from './svg-scale.ts';

const BOX: Box = { left: WIDE.left, right: 712, top: 10, bottom: 190 };
const SQUARE: Box = { left: 790, right: 970, top: 10, bottom: 190 };
const UNIT = { from: 0, to: 1 } as const;
const within = (score: number): number => Math.min(1, Math.max(0, score));

/** Predicted against observed score of one site: over time on the left, against each other on the right. */
export function outcomePlot(story: DrawnStory, site: string): Markup {
  const id = `outcome-${story.sites.indexOf(site)}`;
  const rows = story.outcomes.filter((o) => o.site === site);
  return html`<svg viewBox="0 0 ${WIDE.width} 226" role="img" aria-labelledby="${id}-title">
    <title id="${id}-title">
      Predicted against observed QoS score on ${site}: ${rows.length} outcomes over time, and as a scatter about the diagonal
    </title>
    ${overTime(story, site, rows)}${scatter(rows)}
  </svg>`;
}

function overTime(story: DrawnStory, site: string, rows: readonly Outcome[]): Markup {
  const time = drawnSpan(story);
  const x = linear(time, { from: BOX.left, to: BOX.right });
  const y = linear(UNIT, { from: BOX.bottom, to: BOX.top });
  const runs = [...new Set(rows.map((o) => o.app))].flatMap((app) => runsOfApp(rows.filter((o) => o.app === app)));
  const bands = runs.map((run) => run.map((o) => ({ x: x(o.atMs), low: y(within(o.p10)), high: y(within(o.p90)) })));
  const lines = runs.map((run) => run.map((o) => ({ x: x(o.atMs), y: y(within(o.p50)) })));
  const empty =
    rows.length > 0
      ? NOTHING
      : html`<text class="empty mid" x="${(BOX.left + BOX.right) / 2}" y="84"
          >No prediction of ${site} met its outcome: the app was not there.</text
        >`;
  return html`<g
    >${timeAxis(story, x, BOX)}${valueAxis({ box: BOX, y, ticks: [0, 0.25, 0.5, 0.75, 1], name: 'QoS score' })}${band(bands, 'interval')}${line(lines, 'line ink-predicted')}${dots(rows, (o) => x(o.atMs), y)}${empty}</g
  >`;
}

/** Apps on one site at one time have curves of their own. */
function runsOfApp(rows: readonly Outcome[]): Outcome[][] {
  return runsOf(rows, usualGapMs(rows));
}

function dots(rows: readonly Outcome[], x: (o: Outcome) => number, y: Scale): Markup {
  return line(
    rows.map((o) => [{ x: x(o), y: y(within(o.actual)) }]),
    'dots',
  );
}

function scatter(rows: readonly Outcome[]): Markup {
  const x = linear(UNIT, { from: SQUARE.left, to: SQUARE.right });
  const y = linear(UNIT, { from: SQUARE.bottom, to: SQUARE.top });
  const ticks = [0, 0.5, 1].map(
    (tick) =>
      html`<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="${SQUARE.top}" y2="${SQUARE.bottom}" /><text
          class="tick mid"
          x="${x(tick)}"
          y="${SQUARE.bottom + 15}"
          >${String(tick)}</text
        >`,
  );
  return html`<g
    >${valueAxis({ box: SQUARE, y, ticks: [0, 0.5, 1], name: 'observed' })}${ticks}<text
      class="axis mid"
      x="${x(0.5)}"
      y="${SQUARE.bottom + 32}"
      >predicted (p50)</text
    ><line class="diagonal" x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}" />${dots(rows, (o) => x(within(o.p50)), y)}</g
  >`;
}
