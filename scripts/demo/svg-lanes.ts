import { moment } from './figures.ts';
import { html, short, type Markup } from './html.ts';
import { staysOf, switchesOf, type DrawnStory, type Stay } from './placed.ts';
import type { PolicyName } from './result.ts';
import { neighbourBands } from './svg-neighbours.ts';
import { WIDE, type Scale } from './svg-scale.ts';

const ROW = 17;
const GAP = 16;

export const laneHeight = (sites: number): number => sites * ROW + GAP;

interface Lane {
  readonly story: DrawnStory;
  readonly app: PolicyName;
  readonly top: number;
  readonly x: Scale;
}

/** One app: a row per site with its neighbours, and the app as a line that goes from row to row. */
export function lane({ story, app, top, x }: Lane): Markup {
  const bottom = top + story.sites.length * ROW;
  const row = (site: string) => top + (story.sites.indexOf(site) + 0.5) * ROW;
  const rows = story.sites.map((site, i) => {
    const y = top + i * ROW;
    return html`<rect
        class="row"
        x="${WIDE.left}"
        y="${y + 0.5}"
        width="${WIDE.right - WIDE.left}"
        height="${ROW - 1}"
      />${neighbourBands(story, site, { x, top: y + 0.5, bottom: y + ROW - 0.5 })}<text
        class="clock"
        x="${WIDE.left - 8}"
        y="${y + ROW - 4}"
        text-anchor="end"
        >${short(site, 9)}</text
      >`;
  });
  const stays = staysOf(story, app).filter((stay) => story.sites.includes(stay.site));
  const where =
    stays.length > 0
      ? path(stays, { app, x, row })
      : html`<text class="note" x="${WIDE.left + 8}" y="${bottom - 5}">where ${app} was is unknown</text>`;
  const arrows = switchesOf(story, app).map((one) => arrow(one, { story, x, row }));
  return html`<g
    ><text class="lane ink-${app}" x="0" y="${(top + bottom) / 2 + 4}">${app}</text>${rows}${where}<g class="fill-${app}">${arrows}</g></g
  >`;
}

function path(stays: readonly Stay[], { app, x, row }: { app: PolicyName; x: Scale; row: (site: string) => number }): Markup {
  const parts = stays.map((stay, i) => html`${i === 0 ? 'M' : 'L'}${x(stay.fromMs)} ${row(stay.site)}L${x(stay.toMs)} ${row(stay.site)}`);
  return html`<path class="halo" d="${parts}" /><path class="place ink-${app}" d="${parts}" />`;
}

interface ArrowPlace {
  readonly story: DrawnStory;
  readonly x: Scale;
  readonly row: (site: string) => number;
}

/** A triangle that points to the row of the site the app went to. */
function arrow(one: DrawnStory['switches'][number], { story, x, row }: ArrowPlace): Markup {
  const at = x(one.atMs);
  const y = row(one.to);
  const tail = row(one.from) < y ? y - 7 : y + 7;
  return html`<path d="M${at} ${y}L${at - 5} ${tail}L${at + 5} ${tail}Z"
    ><title>${one.app} went from ${one.from} to ${one.to} at ${moment(one.atMs, story.fromMs)}</title></path
  >`;
}
