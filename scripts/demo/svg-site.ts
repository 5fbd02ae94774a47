import { moment } from './figures.ts';
import { html, NOTHING, type Markup } from './html.ts';
import { drawnSpan, staysOf, type DrawnStory } from './placed.ts';
import { neighbourBands } from './svg-neighbours.ts';
import { line, runsOf, usualGapMs } from './svg-line.ts';
import { linear, timeAxis, valueAxis, WIDE, type Box, type Scale } from './svg-scale.ts';

const BOX: Box = { left: WIDE.left, right: WIDE.right, top: 10, bottom: 150 };
const STRIP = { top: 156, bottom: 166 } as const;

/** What berth predicted of a site, over what the neighbours really did there, and when berth itself was there. */
export function sitePlot(story: DrawnStory, site: string): Markup {
  const id = `site-${story.sites.indexOf(site)}`;
  const time = drawnSpan(story);
  const x = linear(time, { from: BOX.left, to: BOX.right });
  const y = linear({ from: 0, to: 1 }, { from: BOX.bottom, to: BOX.top });
  const rows = story.predicted.filter((p) => p.site === site);
  const runs = runsOf(rows, usualGapMs(rows)).map((run) => run.map((p) => ({ x: x(p.atMs), y: y(Math.min(1, Math.max(0, p.p50))) })));
  const empty =
    rows.length > 0
      ? NOTHING
      : html`<text class="empty mid" x="${(BOX.left + BOX.right) / 2}" y="62">Nothing was predicted for ${site}.</text>`;
  return html`<svg viewBox="0 0 ${WIDE.width} 202" role="img" aria-labelledby="${id}-title">
    <title id="${id}-title">Predicted QoS score of ${site}, 0 to 1, over the neighbours’ phases, with the times berth was there</title>
    ${neighbourBands(story, site, { x, top: BOX.top, bottom: BOX.bottom })}${timeAxis(story, x, { ...BOX, bottom: STRIP.bottom })}${valueAxis({ box: BOX, y, ticks: [0, 0.5, 1], name: 'predicted score' })}${startLine(story, x)}
    ${line(runs, 'line ink-predicted')}${empty}${strip(story, site, x)}
  </svg>`;
}

function startLine(story: DrawnStory, x: Scale): Markup {
  const at = x(story.comparedFromMs);
  return at <= BOX.left
    ? NOTHING
    : html`<line class="start" x1="${at}" x2="${at}" y1="${BOX.top}" y2="${STRIP.bottom}"
        ><title>From here the policies are compared</title></line
      >`;
}

function strip(story: DrawnStory, site: string, x: Scale): Markup {
  const stays = staysOf(story, 'berth').filter((stay) => stay.site === site);
  const bars = stays.map(
    ({ fromMs, toMs }) =>
      html`<rect class="fill-berth" x="${x(fromMs)}" y="${STRIP.top}" width="${x(toMs) - x(fromMs)}" height="${STRIP.bottom - STRIP.top}"
        ><title>berth was on ${site} from ${moment(fromMs, story.fromMs)} to ${moment(toMs, story.fromMs)}</title></rect
      >`,
  );
  return html`<rect
      class="row"
      x="${BOX.left}"
      y="${STRIP.top}"
      width="${BOX.right - BOX.left}"
      height="${STRIP.bottom - STRIP.top}"
    />${bars}<text class="clock" x="${BOX.left - 8}" y="${STRIP.bottom - 1}" text-anchor="end">berth here</text>`;
}
