import type { TraceSamples } from '../../domain/replay/cut-windows.ts';
import { nearestName } from '../../domain/nearest-name.ts';
import { cellText, forEachCsvRow } from '../../connectors/file/csv-rows.ts';
import { openUnpacked } from '../../connectors/file/open-unpacked.ts';

export interface TraceColumns {
  readonly time: string;
  readonly site: string;
  readonly qos: string;
  /** Absent: all rows are of one app. */
  readonly app?: string;
}

export type TraceRead =
  /** `repeated`: rows whose app, site and time another row had before. */
  | { readonly ok: true; readonly samples: TraceSamples; readonly repeated: number }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Problems that are listed one by one; the rest is counted. */
const PROBLEMS_MAX = 20;
/** What stands for unknown, beside an empty cell. */
const UNKNOWN = new Set(['', 'nan', 'null', 'none', 'na', 'n/a']);

/** Reads traces whose rows are one sample of one site. Lists every problem of every file; unknown scores are kept as unknown. */
export async function readTrace(files: readonly string[], columns: TraceColumns): Promise<TraceRead> {
  const into = collector();
  for (const file of files) {
    try {
      await readFile(file, columns, into);
    } catch (error) {
      into.problem(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (into.known() === 0 && into.problems().length === 0)
    into.problem(`${files.join(', ')}: there is ${into.count() === 0 ? 'no row' : `no known ${columns.qos}`}`);
  const problems = into.problems();
  return problems.length > 0 ? { ok: false, problems } : { ok: true, samples: into.samples(), repeated: into.repeated() };
}

interface Sample {
  readonly atMs: number;
  readonly app: string;
  readonly site: string;
  readonly score: number;
}

function collector() {
  const problems: string[] = [];
  let more = 0;
  const apps = index();
  const sites = index();
  const atMs: number[] = [];
  const [app, site, score]: [number[], number[], number[]] = [[], [], []];
  const times = new Map<string, Set<number>>();
  let [known, repeated] = [0, 0];
  return {
    problem(text: string): void {
      if (problems.length < PROBLEMS_MAX) problems.push(text);
      else more++;
    },
    problems: (): string[] => (more > 0 ? [...problems, `and ${more} more`] : problems),
    count: () => atMs.length,
    known: () => known,
    repeated: () => repeated,
    add(sample: Sample): void {
      const key = JSON.stringify([sample.app, sample.site]);
      const seen = times.get(key) ?? new Set();
      times.set(key, seen);
      if (seen.has(sample.atMs)) repeated++;
      seen.add(sample.atMs);
      if (!Number.isNaN(sample.score)) known++;
      atMs.push(sample.atMs);
      app.push(apps.of(sample.app));
      site.push(sites.of(sample.site));
      score.push(sample.score);
    },
    samples: (): TraceSamples => ({ apps: apps.names, sites: sites.names, atMs: inMs(atMs), app, site, score }),
  };
}

function index() {
  const at = new Map<string, number>();
  const names: string[] = [];
  return {
    names,
    of(name: string): number {
      const known = at.get(name);
      if (known !== undefined) return known;
      at.set(name, names.length);
      return names.push(name) - 1;
    },
  };
}

async function readFile(file: string, columns: TraceColumns, into: ReturnType<typeof collector>): Promise<void> {
  let at: Record<keyof TraceColumns, number> | undefined;
  let width = 0;
  const { bytes } = await openUnpacked(file);
  await forEachCsvRow(bytes, (row) => {
    if (width === 0) {
      width = row.cells;
      const header = Array.from({ length: width }, (_, i) => cellText(row, i).trim());
      at = placesOf(header, columns, (text) => into.problem(`${file}: ${text}`));
      return;
    }
    if (!at) return;
    const where = `${file} line ${row.line}`;
    if (row.cells !== width) return into.problem(`${where}: ${row.cells} cells, the first line has ${width}`);
    const places = at;
    readRow((column) => cellText(row, places[column]).trim(), { where, columns, into });
  });
  if (width === 0) into.problem(`${file}: it is empty`);
}

function placesOf(
  names: readonly string[],
  columns: TraceColumns,
  problem: (text: string) => void,
): Record<keyof TraceColumns, number> | undefined {
  if (names.some((name) => /[\0\uFFFD]/.test(name))) return void problem('it is no text in UTF-8');
  const missing = Object.entries(columns).filter(([, name]) => !names.includes(name as string));
  for (const [option, name] of missing) {
    const near = nearestName(name as string, names);
    problem(
      `--${option} ${name}: there is no such column${near === undefined ? `; there are ${names.join(', ')}` : `; did you mean ${near}?`}`,
    );
  }
  const twice = Object.entries(columns).filter(([, name]) => names.indexOf(name as string) !== names.lastIndexOf(name as string));
  for (const [option, name] of twice) problem(`--${option} ${name}: there are several such columns`);
  if (missing.length + twice.length > 0) return undefined;
  const place = (name: string | undefined) => (name === undefined ? -1 : names.indexOf(name));
  return { time: place(columns.time), site: place(columns.site), qos: place(columns.qos), app: place(columns.app) };
}

function readRow(
  cell: (column: keyof TraceColumns) => string,
  { where, columns, into }: { where: string; columns: TraceColumns; into: ReturnType<typeof collector> },
): void {
  const atMs = timeOf(cell('time'));
  const site = cell('site');
  const app = columns.app === undefined ? 'app' : cell('app');
  const text = cell('qos');
  const score = UNKNOWN.has(text.toLowerCase()) ? NaN : numberOf(text);
  const wrong: string[] = [];
  if (Number.isNaN(atMs)) wrong.push(`${columns.time} is ${JSON.stringify(cell('time'))}, not a time`);
  if (site === '') wrong.push(`${columns.site} is empty`);
  if (app === '') wrong.push(`${columns.app ?? 'app'} is empty`);
  if (!UNKNOWN.has(text.toLowerCase()) && !(score >= 0 && score <= 1))
    wrong.push(`${columns.qos} is ${JSON.stringify(text)}, not a score between 0 and 1`);
  if (wrong.length > 0) into.problem(`${where}: ${wrong.join('; ')}`);
  else into.add({ atMs, app, site, score });
}

/** A number as it is, for `inMs` to find its unit; a date and time as epoch ms, which `inMs` takes for what they are. UTC unless it says otherwise. */
function timeOf(text: string): number {
  const number = numberOf(text);
  if (!Number.isNaN(number)) return number;
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s*(Z|[+-]\d\d:?\d\d)?$/.exec(text);
  if (!match) return NaN;
  return Date.parse(`${match[1] ?? ''}T${match[2] ?? ''}${match[3] ?? 'Z'}`);
}

/** A decimal number; NaN for everything else, also for what `Number` would take for one, such as hexadecimal. */
function numberOf(text: string): number {
  const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : NaN;
  return Number.isFinite(number) ? number : NaN;
}

/** Epoch seconds, milliseconds, microseconds or nanoseconds, told by their size, to milliseconds. */
function inMs(times: readonly number[]): readonly number[] {
  const largest = times.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const factor = largest < 1e11 ? 1000 : largest < 1e14 ? 1 : largest < 1e17 ? 1e-3 : 1e-6;
  return factor === 1 ? times : times.map((t) => t * factor);
}
