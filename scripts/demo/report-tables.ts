import { count, counted, gain, isKnown, milliseconds, moment, percent, seconds, skill } from './figures.ts';
import { html, NOTHING, short, type Markup } from './html.ts';
import type { DemoMove, DemoResult, PolicyName } from './result.ts';
import { boundOf } from './report-verdict.ts';

const APPS: readonly PolicyName[] = ['held', 'reactive', 'berth'];
const MANNER: Readonly<Record<PolicyName, string>> = {
  held: 'stays where it is',
  reactive: 'moves after the fact',
  berth: 'moves by prediction',
};
/** A page stays below a megabyte whatever happened. */
const MOST_MOVES = 200;

export function policyTable(result: DemoResult): Markup {
  const shares = APPS.map((app) => result.policies[app].shareOverBound).filter(isKnown);
  const least = Math.min(...shares);
  const most = Math.max(...shares);
  const rows = APPS.map((app) => {
    const { p50Ms, p95Ms, shareOverBound, moves } = result.policies[app];
    const best = isKnown(shareOverBound) && shareOverBound === least && shares.filter((s) => s === least).length === 1;
    return html`<tr class="${best ? 'best' : 'other'}">
      <th scope="row"><i class="key fill-${app}"></i>${app} <small>${MANNER[app]}</small></th>
      <td>${milliseconds(p50Ms)}</td>
      <td>${milliseconds(p95Ms)}</td>
      <td class="share">${shareBar(shareOverBound, most, app)}${percent(shareOverBound)}</td>
      <td>${count(moves)}</td>
    </tr>`;
  });
  return html`<div class="scroll">
    <table class="policies">
      <thead>
        <tr>
          <th scope="col">app</th>
          <th scope="col">p50</th>
          <th scope="col">p95</th>
          <th scope="col">requests over ${boundOf(result)}</th>
          <th scope="col">moves</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function shareBar(share: number | null, most: number, app: PolicyName): Markup {
  if (!isKnown(share) || most <= 0) return NOTHING;
  return html`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
    <rect class="fill-${app}" width="${(100 * share) / most}" height="10" />
  </svg>`;
}

/** What the whole run asked of the three apps, and what berth did in it. */
export function tiles(result: DemoResult): Markup {
  const { sent, failed, timedOut, shed } = result.requests;
  const pairs: [string, string, string][] = [
    [count(sent), 'requests sent', ''],
    [count(failed), 'failed: lost by a switch', failed > 0 ? 'bad' : ''],
    [count(timedOut), 'timed out', ''],
    [count(shed), 'shed by overload', ''],
    [count(result.looks), 'looks at the fleet', ''],
    [count(result.predictions), 'predictions', ''],
    [count(result.decisions), 'decisions', ''],
    [count(result.replayed), 'histories replayed', ''],
  ];
  return html`<dl class="tiles">
    ${pairs.map(
      ([value, name, kind]) =>
        html`<div class="${kind}">
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

export function movesTable(moves: readonly DemoMove[], fromMs: number): Markup {
  if (moves.length === 0) return html`<p class="none">No app was moved in this run.</p>`;
  const rest = moves.length - MOST_MOVES;
  const more = rest > 0 ? html`<p class="none">and ${counted(rest, 'more move')}; the JSON result has them all.</p>` : NOTHING;
  const head = ['time', 'app', 'from', 'to', 'why', 'predicted gain', 'realised gain', 'took', 'failed requests', 'end'];
  const rows = moves.slice(0, MOST_MOVES).map((move) => moveRow(move, fromMs));
  return html`<div class="scroll">
      <table class="moves">
        <thead>
          <tr>
            ${head.map((name) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
    ${more}`;
}

function moveRow(move: DemoMove, fromMs: number): Markup {
  const own = APPS.find((app) => app === move.app);
  const key = own ? html`<i class="key fill-${own}"></i>` : NOTHING;
  const lost = isKnown(move.failedRequests) && move.failedRequests > 0 ? 'bad' : '';
  return html`<tr>
    <td>${moment(Date.parse(move.at), fromMs)}</td>
    <td class="words">${key}${short(move.app, 60)}</td>
    <td class="words">${short(move.from, 60)}</td>
    <td class="words">${short(move.to, 60)}</td>
    <td class="words why">${short(move.reason, 300)}</td>
    <td>${gain(move.predictedGain)}</td>
    <td>${gain(move.realisedGain)}</td>
    <td>${seconds(move.seconds)}</td>
    <td class="${lost}">${count(move.failedRequests)}</td>
    <td class="words ${move.end === 'done' ? '' : 'bad'}">${short(move.end, 40)}</td>
  </tr>`;
}

export function modelLine({ model }: DemoResult): Markup {
  const served = model.servedBy === 'model' ? html`The model served.` : html`<strong>The baseline served.</strong>`;
  const said = model.said === '' ? NOTHING : html` <q>${short(model.said, 600)}</q>`;
  return html`<p>
    <strong>${short(model.name, 80)}</strong>: ${skill(model.skill)} than the baseline ${short(model.baseline, 80)}. ${served}${said}
  </p>`;
}

export function workflowTable({ workflows }: DemoResult): Markup {
  const types = Object.entries(workflows).sort(([a], [b]) => a.localeCompare(b, 'en'));
  if (types.length === 0) return html`<p class="none">No workflow was found.</p>`;
  const rows = types.map(
    ([type, { completed, failed, running }]) =>
      html`<tr>
        <th scope="row">${short(type, 80)}</th>
        <td>${count(completed)}</td>
        <td class="${failed > 0 ? 'bad' : ''}">${count(failed)}</td>
        <td>${count(running)}</td>
      </tr>`,
  );
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">workflow</th>
          <th scope="col">completed</th>
          <th scope="col">failed</th>
          <th scope="col">running</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}
