import { spreadAt } from './band.ts';
import type { FittedTask } from './fit-task.ts';

const WIDTH = 900;
const HEIGHT = 320;
const BOX = { left: 70, right: WIDTH - 20, top: 30, bottom: HEIGHT - 40 };
const MOST_POINTS = 400;

type Point = readonly [x: number, y: number];

/** Forecast against what happened on held-out rows, calibration of the band, importances: SVG by file name. */
export function picturesOf<P>(fitted: FittedTask<P>): ReadonlyMap<string, string> {
  return new Map([
    ['forecast.svg', forecastPicture(fitted)],
    ['calibration.svg', calibrationPicture(fitted)],
    ['importances.svg', importancesPicture(fitted)],
  ]);
}

/** The end of what was held out of one series; of a regression its rows in ascending order of the prediction. */
function forecastPicture<P>(fitted: FittedTask<P>): string {
  const { contract, predicted, actual, timeMs, band, test, bandRows } = fitted;
  const isForecast = contract.kind === 'forecast';
  const rows = isForecast ? lastOfOneGroup(fitted) : thinned([...bandRows].sort((a, b) => predicted[a]! - predicted[b]!));
  if (rows.length === 0) return page('No rows could be held out', '');
  const { spread, low, high } = band.band;
  const spreads = spread.kind === 'input' ? test.spreads.get(spread.input) : undefined;
  const edge = (i: number, offset: number): number => predicted[i]! + offset * spreadAt(spread, predicted[i]!, spreads?.[i] ?? 0);
  const at = (i: number, place: number): number => (isForecast ? timeMs[i]! : place);
  const lines = {
    low: rows.map((i, k): Point => [at(i, k), edge(i, low)]),
    high: rows.map((i, k): Point => [at(i, k), edge(i, high)]),
    middle: rows.map((i, k): Point => [at(i, k), predicted[i]!]),
    actual: rows.map((i, k): Point => [at(i, k), actual[i]!]),
  };
  const plot = plotOf(Object.values(lines).flat());
  const ends = [lines.actual[0]![0], lines.actual.at(-1)![0]].map((x) => (isForecast ? new Date(x).toISOString() : `row ${x + 1}`));
  return page(
    `${contract.target}: held-out rows (dots), p50 (line) and p10 to p90 (band)`,
    `<path d="M${path(lines.high, plot)}L${path([...lines.low].reverse(), plot)}Z" fill="#9ecae1" opacity="0.6"/>` +
      `<path d="M${path(lines.middle, plot)}" fill="none" stroke="#08519c" stroke-width="1.5"/>` +
      lines.actual.map((p) => `<circle cx="${plot.x(p[0])}" cy="${plot.y(p[1])}" r="1.6" fill="#d94801"/>`).join('') +
      axes(plot, ends),
  );
}

function lastOfOneGroup<P>({ bandRows, group, timeMs }: FittedTask<P>): number[] {
  const newest = bandRows.reduce((a, b) => (a >= 0 && timeMs[a]! >= timeMs[b]! ? a : b), -1);
  return [...bandRows]
    .filter((i) => group[i] === group[newest])
    .sort((a, b) => timeMs[a]! - timeMs[b]!)
    .slice(-MOST_POINTS);
}

function thinned(rows: readonly number[]): number[] {
  const step = Math.max(1, rows.length / MOST_POINTS);
  return Array.from({ length: Math.min(rows.length, MOST_POINTS) }, (_, k) => rows[Math.floor(k * step)]!);
}

function calibrationPicture<P>({ band }: FittedTask<P>): string {
  if (band.below.length === 0) return page('Too few rows were held out to tell calibration', '');
  const plot = plotOf([
    [0, 0],
    [1, 1],
  ]);
  const points = band.below.map(({ nominal, observed }): Point => [nominal, observed]);
  return page(
    'Share of held-out outcomes below each quantile (dots) beside what it should be (line)',
    `<path d="M${path(
      [
        [0, 0],
        [1, 1],
      ],
      plot,
    )}" stroke="#888" fill="none"/>` +
      points.map((p) => `<circle cx="${plot.x(p[0])}" cy="${plot.y(p[1])}" r="4" fill="#08519c"/>`).join('') +
      axes(plot, ['0', '1']),
  );
}

function importancesPicture<P>({ importances }: FittedTask<P>): string {
  const shown = importances.slice(0, 12);
  if (shown.length === 0) return page('No model serves, so no input matters', '');
  const most = Math.max(...shown.map((i) => i.rise));
  const bars = shown.map(({ input, rise }, k) => {
    const y = BOX.top + 14 + k * 21;
    return `<text x="330" y="${y + 11}" text-anchor="end">${escaped(input.slice(0, 45))}</text><rect x="340" y="${y}" height="14" width="${fixed((rise / most) * 440)}" fill="#08519c"/><text x="${fixed(346 + (rise / most) * 440)}" y="${y + 11}">${(100 * rise).toFixed(1)} %</text>`;
  });
  return page('Rise of the mean absolute error when one input is shuffled', bars.join(''));
}

interface Plot {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly yFrom: number;
  readonly yTo: number;
}

function plotOf(points: readonly Point[]): Plot {
  const span = (which: 0 | 1): { from: number; width: number } => {
    const from = points.reduce((least, p) => Math.min(least, p[which]), Infinity);
    const to = points.reduce((most, p) => Math.max(most, p[which]), -Infinity);
    return { from, width: to - from || 1 };
  };
  const [across, up] = [span(0), span(1)];
  return {
    x: (value) => fixed(BOX.left + ((value - across.from) / across.width) * (BOX.right - BOX.left)),
    y: (value) => fixed(BOX.bottom - ((value - up.from) / up.width) * (BOX.bottom - BOX.top)),
    yFrom: up.from,
    yTo: up.from + up.width,
  };
}

function path(points: readonly Point[], { x, y }: Plot): string {
  return points.map((p) => `${x(p[0])} ${y(p[1])}`).join('L');
}

function axes({ y, yFrom, yTo }: Plot, ends: readonly string[]): string {
  const labels = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const value = yFrom + share * (yTo - yFrom);
    return `<text x="${BOX.left - 6}" y="${y(value) + 4}" text-anchor="end">${Number(value.toPrecision(3))}</text><path d="M${BOX.left} ${y(value)}H${BOX.right}" stroke="#ddd"/>`;
  });
  const [from, to] = ends;
  return `${labels.join('')}<text x="${BOX.left}" y="${HEIGHT - 14}">${from}</text><text x="${BOX.right}" y="${HEIGHT - 14}" text-anchor="end">${to}</text>`;
}

function page(title: string, inside: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/><text x="${BOX.left}" y="18" font-weight="bold">${escaped(title)}</text>${inside}</svg>\n`;
}

function fixed(value: number): number {
  return Number(value.toFixed(1));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
