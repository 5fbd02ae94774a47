import { accuracyOf, type Outcome } from './accuracy.ts';
import { cleanStory, drawnStory } from './clean-story.ts';
import { clockOf } from './clock.ts';
import { counted, moment, percent, score, seconds } from './figures.ts';
import { html, NOTHING, short, type Markup } from './html.ts';
import { legend } from './legend.ts';
import type { DrawnStory } from './placed.ts';
import { STYLE } from './report-style.ts';
import { modelLine, movesTable, policyTable, tiles, workflowTable } from './report-tables.ts';
import { verdictOf } from './report-verdict.ts';
import type { DemoResult, DemoStory } from './result.ts';
import { latencyPlot } from './svg-latency.ts';
import { outcomePlot } from './svg-outcomes.ts';
import { sitePlot } from './svg-site.ts';

/**
 * One HTML file without scripts or anything from elsewhere, below a megabyte: what the demo measured, for somebody with a minute.
 * What could not be told is printed as unknown and drawn as a gap. `story.startedOn` names the site where each app began.
 */
export function renderReport(result: DemoResult, story: DemoStory): string {
  const told = cleanStory(story);
  const drawn = drawnStory(told);
  const { sentence, warnings, lost } = verdictOf(result, told);
  const body = html`<main>
    <header>
      <h1>berth demo, ${new Date(told.fromMs).toDateString()}, ${clockOf(told.fromMs)} to ${clockOf(told.toMs)}</h1>
      <p class="verdict">${sentence}</p>
      <p class="lost">${lost}</p>
    </header>
    ${
      warnings.length === 0
        ? NOTHING
        : html`<ul class="warnings">
            ${warnings.map((text) => html`<li>${short(text, 600)}</li>`)}
          </ul>`
    }
    ${policyTable(result)}
    <p class="caption">
      Three identical apps ran side by side under the same load; these figures are of the time compared. Below, counts of the whole run.
    </p>
    ${tiles(result)} ${latencySection(result, drawn)}${sitesSection(drawn)}${outcomesSection(told, drawn)}
    <h2>Moves</h2>
    ${movesTable(result.moves, told.fromMs)} ${howSection(result)}
  </main>`;
  const head = html`<meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" /><meta
      http-equiv="Content-Security-Policy"
      content="default-src 'none'; style-src 'unsafe-inline'"
    /><title>berth demo report</title>`;
  return `<!doctype html>\n<html lang="en"><head>${head.markup}<style>${STYLE}</style></head>\n<body>${body.markup}</body></html>\n`;
}

function latencySection(result: DemoResult, story: DrawnStory): Markup {
  return html`<section>
    <h2>Latency over time</h2>
    ${partNote(story)}
    <p class="caption">
      Median of each second; seconds without requests are left blank. A triangle is a move: it points up or down the list of sites below,
      where each app is a line that runs through, or around, its neighbours.
    </p>
    ${legend(['held', 'reactive', 'berth', 'bound', 'profiling', 'warm', 'hot'])}
    <div class="plot">${latencyPlot(story, result.boundMs)}</div>
  </section>`;
}

function partNote({ fromMs, drawnFromMs }: DrawnStory): Markup {
  if (drawnFromMs === fromMs) return NOTHING;
  return html`<p class="none">
    The run was long: plots show its end, from ${moment(drawnFromMs, fromMs)} on. Figures and tables are of all of it.
  </p>`;
}

function sitesSection(story: DrawnStory): Markup {
  const plots = story.sites.map(
    (site) =>
      html`<h3>${short(site, 80)}</h3>
        <div class="plot">${sitePlot(story, site)}</div>`,
  );
  return html`<section>
    <h2>What berth expected of each site</h2>
    <p class="caption">
      The score it predicted (1 is best), drawn at the time it was for, over what the neighbours really did. The model was never told of
      them.
    </p>
    ${legend(['predicted', 'warm', 'hot', 'present'])}${plots.length > 0 ? plots : html`<p class="none">No site is known.</p>`}
  </section>`;
}

function outcomesSection(story: DemoStory, drawn: DrawnStory): Markup {
  const title = html`<h2>Was it right?</h2>`;
  if (story.outcomes.length === 0)
    return html`<section>
      ${title}
      <p class="none">No prediction met its outcome in this run, so its error and coverage are unknown.</p>
    </section>`;
  const apps = [...new Set(story.outcomes.map((o) => o.app))].join(', ');
  const plots = story.sites.map((site) => {
    const rows = story.outcomes.filter((o) => o.site === site);
    return html`<h3>${short(site, 80)} <small>${accuracyText(rows)}</small></h3>
      <div class="plot">${outcomePlot(drawn, site)}</div>`;
  });
  return html`<section>
    ${title}
    <p class="caption">
      Predictions of ${short(apps, 120)} on the site where the app was when their time came. All sites: ${accuracyText(story.outcomes)}. If
      the intervals keep what they promise, they cover 80 %.
    </p>
    ${legend(['interval', 'predicted', 'actual'])}${plots}
  </section>`;
}

function accuracyText(rows: readonly Outcome[]): string {
  const { n, error, coverage } = accuracyOf(rows);
  if (n === 0) return 'n = 0, nothing can be said';
  return `mean absolute error ${score(error)}, coverage of p10 to p90 ${percent(coverage)}, n = ${n}`;
}

function howSection(result: DemoResult): Markup {
  const facts: [string, string][] = [
    ['sites', result.sites === 'cores' ? `CPU cores: ${result.sitesReason}` : `simulated: ${result.sitesReason}`],
    ['took', `${seconds(result.seconds)} after ${seconds(result.setupSeconds)} of set-up`],
    ['replayed', `${counted(result.replayed, 'history', 'histories')} through the present workflow code`],
    ['machine', result.machine],
    ['commit', result.commit],
  ];
  return html`<div class="columns">
      <section>
        <h2>Model</h2>
        ${modelLine(result)}
        <h2>Run</h2>
        <dl class="facts">
          ${facts.map(
            ([name, text]) =>
              html`<dt>${name}</dt>
                <dd>${short(text, 400)}</dd>`,
          )}
        </dl>
      </section>
      <section>
        <h2>Workflows</h2>
        ${workflowTable(result)}
      </section>
    </div>
    <footer>
      Everything on this page was measured in this run. p50 and p95 are quantiles of latency, counted from the moment a request was meant to
      be sent.
    </footer>`;
}
