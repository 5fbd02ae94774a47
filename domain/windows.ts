import type { Policy } from './config.ts';

/** When a policy lets its apps be moved. Nothing open and nothing black means always. */
export type Windows = Policy['windows'];

export const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type Day = (typeof DAYS)[number];

const MINUTE_MS = 60_000;
const DAY_MIN = 1440;
/** Every offset in use since 1987 is a multiple of a quarter of an hour, and changes on one. */
const GRID_MIN = 15;
/** How far ahead an opening is looked for. */
const AHEAD_DAYS = 60;

export interface WindowState {
  readonly limited: boolean;
  readonly open: boolean;
  /** Name of the blackout that closes it. */
  readonly blackout?: string;
  /** Minute of the day in the zone. */
  readonly minute: number;
}

/**
 * Whether moves may start at an instant. The instant is turned into the zone's wall clock, which always has exactly one answer: what the clock
 * skips in spring is never open, and what it shows twice in autumn is open twice.
 */
export function windowAt(windows: Windows, atMs: number): WindowState {
  const limited = windows.open.length > 0 || windows.blackout.length > 0;
  if (!limited) return { limited, open: true, minute: NaN };
  const local = Math.floor((atMs + offsetMs(windows.zone, atMs)) / MINUTE_MS);
  const minute = mod(local, DAY_MIN);
  const day = Math.floor(local / DAY_MIN);
  const black = windows.blackout.find((b) => dayOf(b.from) <= day && day <= dayOf(b.to ?? b.from));
  if (black) return { limited, open: false, blackout: black.name, minute };
  const open = windows.open.length === 0 || windows.open.some((w) => isIn(w, day, minute));
  return { limited, open, minute };
}

/** The first instant from `fromMs` at which moves may start, to the minute; undefined = none in the next 60 days. */
export function nextOpeningMs(windows: Windows, fromMs: number): number | undefined {
  if (windowAt(windows, fromMs).open) return fromMs;
  const bounds = windows.open.map((w) => minuteOf(w.from));
  const end = fromMs + AHEAD_DAYS * DAY_MIN * MINUTE_MS;
  let at = Math.ceil(fromMs / MINUTE_MS);
  while (at * MINUTE_MS <= end) {
    const state = windowAt(windows, at * MINUTE_MS);
    if (state.open) return at * MINUTE_MS;
    // To the next wall-clock bound, but never past a place where the offset may change: no opening can be jumped over.
    const toBound = Math.min(DAY_MIN - state.minute, ...bounds.map((b) => (b > state.minute ? b - state.minute : Infinity)));
    at += Math.min(toBound, GRID_MIN - mod(at, GRID_MIN));
  }
  return undefined;
}

type Opening = Windows['open'][number];

/** A window whose end is not after its beginning runs past midnight; its days are those on which it begins. */
function isIn({ days, from, to }: Opening, day: number, minute: number): boolean {
  const [begin, end] = [minuteOf(from), minuteOf(to)];
  const begins = (d: number) => days.includes(DAYS[mod(d + 4, 7)] ?? 'sun');
  if (begin < end) return begins(day) && begin <= minute && minute < end;
  return (begins(day) && minute >= begin) || (begins(day - 1) && minute < end);
}

function minuteOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
}

function dayOf(date: string): number {
  return Math.floor(Date.parse(`${date}T00:00:00Z`) / (DAY_MIN * MINUTE_MS));
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What the zone's wall clock is ahead of UTC at an instant. */
function offsetMs(zone: string, atMs: number): number {
  if (zone === 'UTC') return 0;
  let format = formats.get(zone);
  if (!format) {
    const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const;
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', ...numeric });
    formats.set(zone, format);
  }
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(atMs)) part[type] = Number(value);
  const wall = Date.UTC(part['year'] ?? NaN, (part['month'] ?? NaN) - 1, part['day'], part['hour'], part['minute'], part['second']);
  return wall - Math.floor(atMs / 1000) * 1000;
}

/** Whether this machine knows a time zone. */
export function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function mod(a: number, n: number): number {
  return ((a % n) + n) % n;
}
