import { describe, expect, test } from 'vitest';
import { clockOf } from '../../scripts/demo/clock.ts';
import type { DemoResult, DemoStory, PolicyName } from '../../scripts/demo/result.ts';
import { renderReport as renderPage } from '../../scripts/demo/report-html.ts';
import { FROM_MS, makeResult, makeStory } from './demo-report-story.ts';

/** Layout of the markup is nobody's promise: no space beside tags. */
const renderReport: typeof renderPage = (...given) =>
  renderPage(...given)
    .replace(/\s*([<>])\s*/g, '$1')
    .replace(/\s+/g, ' ');

const story = makeStory();
const result = makeResult(story);
const NO_FIGURES = { p50Ms: null, p95Ms: null, shareOverBound: null, moves: 0 };
const EMPTY_STORY: DemoStory = {
  ...story,
  latency: { held: [], reactive: [], berth: [] },
  switches: [],
  neighbours: [],
  outcomes: [],
  predicted: [],
};

/** The path of an app's latency in the first plot. */
const curveOf = (page: string, app: PolicyName): string =>
  new RegExp(`<path class="line ink-${app}" d="(M[^"]*L[^"]*)"`).exec(page.slice(page.indexOf('latency-title')))?.[1] ?? '';

describe('the report', () => {
  const page = renderReport(result, story);

  test('shows every figure of the result', () => {
    for (const figure of ['11.3 ms', '61.8 ms', '24.4 %', '10.4 ms', '54.2 ms', '15.9 %', '9.1 ms', '23.9 ms', '4.1 %'])
      expect(page).toContain(figure);
    for (const [value, name] of [
      ['8,123', 'requests sent'],
      ['83', 'looks at the fleet'],
      ['498', 'predictions'],
      ['249', 'decisions'],
      ['101', 'histories replayed'],
    ]) {
      expect(page).toContain(`<dt>${name}</dt><dd>${value}</dd>`);
    }
    for (const text of [
      '141 s after 6.7 s of set-up',
      '31.7 % less error',
      'window-mean',
      '4 cores of Example CPU',
      '78255b3',
      'two free cores',
    ])
      expect(page).toContain(text);
    expect(page).toContain('>predictQos</th><td>83</td><td class="">0</td><td>0</td>');
    expect(page).toContain('>placementController</th><td>2</td><td class="">0</td><td>3</td>');
  });

  test('lists every move with both gains, its seconds and the clock', () => {
    for (const [i, move] of result.moves.entries()) {
      const atMs = Date.parse(move.at);
      expect(page).toContain(`<td>${Math.round((atMs - FROM_MS) / 1000)} s (${clockOf(atMs)})</td>`);
      expect(page).toContain(`<td>+${(0.4 + i / 100).toFixed(2)}</td>`);
    }
    expect(page).toContain('−0.07');
    expect(page.match(/moved from site-\d to site-\d at/g)).toHaveLength(result.moves.length);
  });

  test('states error and coverage with the number of outcomes, as worked by hand', () => {
    const outcome = (actual: number) => ({ app: 'berth', site: 'site-0', atMs: FROM_MS + 60_000, p10: 0.4, p50: 0.5, p90: 0.6, actual });
    const four = renderReport(result, { ...story, outcomes: [outcome(0.5), outcome(0.6), outcome(0.4), outcome(0.9)] });
    // Errors 0, 0.1, 0.1, 0.4; three of four within 0.4 to 0.6.
    expect(four).toContain('All sites: mean absolute error 0.15, coverage of p10 to p90 75.0 %, n = 4');
    expect(four).toContain('No prediction of site-1 met its outcome');
  });

  test('needs nothing from elsewhere and runs no script', () => {
    expect(page).not.toMatch(/<script|<link|<img|<iframe|\son\w+=|url\(|@import|https?:/i);
    expect(page).toContain('prefers-color-scheme:dark');
    expect(page).toContain('@media print');
  });

  test('gives every plot a title', () => {
    const plots = page.match(/<svg viewBox="[^"]*" role="img" aria-labelledby="(\S+)/g) ?? [];
    expect(plots).toHaveLength(1 + 2 * story.sites.length);
    for (const id of page.matchAll(/aria-labelledby="([^" ]+)/g)) expect(page).toContain(`<title id="${id[1]}">`);
  });

  test('stays below a megabyte after an hour, and says that plots show its end', () => {
    const hour = makeStory(3600);
    const long = renderReport(makeResult(hour), hour);
    expect(Buffer.byteLength(renderPage(makeResult(hour), hour))).toBeLessThan(1_000_000);
    expect(long).toContain('plots show its end, from 3240 s');
    expect(long).toMatch(/and \d+ more moves/);
  });
});

describe('a curve', () => {
  test('breaks where a second has no requests and is never drawn as zero', () => {
    const row = (s: number, p50Ms: number) => ({ atMs: FROM_MS + 1000 * s, n: 20, p50Ms });
    const held = [row(1, 10), row(2, 11), { atMs: FROM_MS + 3000, n: 0 }, row(4, 12), row(5, 13), row(8, 14), row(9, 15)];
    const page = renderReport(result, { ...story, latency: { held, reactive: [], berth: [] }, switches: [] });
    const curve = curveOf(page, 'held');
    expect(curve.match(/M/g)).toHaveLength(3);
    expect(curve.match(/L/g)).toHaveLength(3);
  });

  test('marks a second in which nobody was answered, which is no gap', () => {
    const silent = { ...story.latency, held: [{ atMs: FROM_MS + 90_000, n: 20 }] };
    expect(renderReport(result, { ...story, latency: silent })).toContain('held: 20 requests, none answered, at 90 s');
  });
});

test('draws the outcomes of each app by themselves where apps share a site', () => {
  const outcome = (app: string, s: number, p50: number) => ({
    app,
    site: 'site-0',
    atMs: FROM_MS + 1000 * s,
    p10: 0,
    p50,
    p90: 1,
    actual: p50,
  });
  const outcomes = [60, 61, 62].flatMap((s) => [outcome('berth', s, 0.9), outcome('held', s, 0.1)]);
  const page = renderReport(result, { ...story, outcomes });
  const curve = /<path class="line ink-predicted" d="([^"]*)"/.exec(page.slice(page.indexOf('id="outcome-0-title"')))?.[1] ?? '';
  const heights = curve
    .split('M')
    .slice(1)
    .map((run) => new Set(run.split('L').map((point) => point.split(' ')[1])).size);
  expect(heights).toEqual([1, 1]);
});

describe('hostile and missing input', () => {
  test('is escaped wherever text goes', () => {
    const evil = `<script>alert("1")</script>'&\u202e`;
    const [first] = result.moves;
    if (!first) throw new Error('the story has no moves');
    const page = renderReport(
      {
        ...result,
        sites: 'simulated',
        sitesReason: evil,
        machine: evil,
        commit: evil,
        moves: [{ ...first, app: evil, from: evil, to: evil, reason: evil, end: evil, at: evil }],
        model: { ...result.model, name: evil, baseline: evil, said: evil },
        workflows: { [evil]: { completed: 1, failed: 1, running: 1 } },
      },
      {
        ...story,
        sites: [evil, 'site-1'],
        switches: [{ app: 'berth', from: evil, to: 'site-1', atMs: FROM_MS + 70_000 }],
        neighbours: [{ site: evil, phase: 'hot', fromMs: FROM_MS, toMs: FROM_MS + 9000, burners: 3 }],
        outcomes: story.outcomes.map((o) => ({ ...o, app: evil, site: evil })),
        predicted: story.predicted.map((p) => ({ ...p, site: evil })),
      },
    );
    expect(page).not.toContain('<script');
    expect(page).not.toContain('\u202e');
    expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;');
  });

  test('renders an empty story and says that it is empty', () => {
    const page = renderReport(
      {
        ...result,
        moves: [],
        workflows: {},
        requests: { sent: 0, failed: 0, timedOut: 0, shed: 0 },
        policies: { held: NO_FIGURES, reactive: NO_FIGURES, berth: NO_FIGURES },
      },
      { ...EMPTY_STORY, sites: [], comparedFromMs: FROM_MS, toMs: FROM_MS },
    );
    const told = [
      'No app was moved in this run',
      'No prediction met its outcome',
      'No request was sent',
      'No workflow was found',
      'No site is known',
      'there is no latency to draw',
      'where berth was is unknown',
    ];
    for (const text of told) expect(page).toContain(text);
    expect(page.match(/<td>unknown<\/td>/g)?.length).toBeGreaterThanOrEqual(6);
    expect(page).not.toContain('served best');
  });

  test('says of a site without predictions that there are none', () => {
    expect(renderReport(result, EMPTY_STORY)).toContain('Nothing was predicted for site-1');
  });

  test('never prints NaN, null or undefined', () => {
    const broken = NaN;
    const bad: DemoResult = {
      ...result,
      seconds: broken,
      boundMs: Infinity,
      looks: broken,
      model: { ...result.model, skill: broken },
      moves: result.moves.map((m) => ({ ...m, at: 'yesterday', predictedGain: null, realisedGain: broken, seconds: null })),
    };
    const spoilt: DemoStory = {
      ...story,
      comparedFromMs: broken,
      latency: {
        ...story.latency,
        held: [
          { atMs: broken, n: 3, p50Ms: 4 },
          { atMs: FROM_MS, n: 3, p50Ms: broken },
          { atMs: FROM_MS, n: broken, p50Ms: 3 },
        ],
      },
      outcomes: story.outcomes.map((o, i) => (i % 2 === 0 ? { ...o, actual: broken } : o)),
      predicted: story.predicted.map((p, i) => (i % 3 === 0 ? { ...p, p50: broken } : p)),
      neighbours: [{ site: 'site-0', phase: 'hot', fromMs: broken, toMs: FROM_MS + 1000, burners: broken }],
    };
    for (const page of [
      renderReport(bad, spoilt),
      renderReport(bad, EMPTY_STORY),
      renderReport(result, { ...spoilt, fromMs: broken, toMs: broken }),
    ]) {
      expect(page).not.toMatch(/NaN|Infinity|undefined|null|Invalid/);
    }
  });

  test('draws where an app without switches was when that is told', () => {
    const untold = renderReport(result, story);
    expect(untold).toContain('where held was is unknown');
    expect(renderReport(result, { ...story, startedOn: { held: 'site-0' } })).not.toContain('where held was is unknown');
  });
});
