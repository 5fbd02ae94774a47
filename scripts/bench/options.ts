import { parseArgs } from 'node:util';

export const PARTS = ['look', 'recovery', 'pause', 'onboarding', 'first', 'move'] as const;
export type Part = (typeof PARTS)[number];

export interface Cell {
  readonly apps: number;
  readonly models: number;
  readonly everyS: number;
  readonly looks: number;
}
export interface LoopOptions {
  readonly parts: readonly Part[];
  readonly sites: number;
  readonly cells: readonly Cell[];
  /** Apps of `recovery`, and of `pause` and `onboarding`, with their intervals in seconds. */
  readonly middle: { readonly apps: number; readonly everyS: number };
  readonly largest: { readonly apps: number; readonly everyS: number };
  readonly kills: number;
  readonly pauseLooks: number;
  readonly moves: number;
  /** A smoke run. */
  readonly quick: boolean;
  readonly write: boolean;
}

export const LOOP_USAGE = `npm run bench -- loop [options]
  --part NAMES     of ${PARTS.join(', ')}, separated by commas (default: all)
  --apps NUMBERS   sizes of the fleet for look (default 100,1000,10000)
  --models NUMBERS distinct models for look (default 1,20,1000, as far as there are apps)
  --sites N        sites (default 50)
  --every SECONDS  between looks (default 5, and 30 above 2000 apps)
  --looks N        measured looks per fleet (default 10, and 4 above 2000 apps)
  --moves N        moves per load (default 10)
  --quick          a smoke run of under a minute: small fleets, no demo; its figures mean nothing
  --kept           measure nothing: print what was measured so far
  --write          also update docs/benchmarks.md`;

/** Throws an Error in words for options that make no sense. */
export function readLoopOptions(args: readonly string[]): LoopOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      part: { type: 'string' },
      apps: { type: 'string' },
      models: { type: 'string' },
      sites: { type: 'string' },
      every: { type: 'string' },
      looks: { type: 'string' },
      moves: { type: 'string' },
      quick: { type: 'boolean', default: false },
      kept: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  const { quick } = values;
  const everyOf = (apps: number): number =>
    values.every === undefined ? (quick ? 2 : apps > 2000 ? 30 : 5) : numberOf('every', values.every);
  const looksOf = (apps: number): number =>
    values.looks === undefined ? (quick ? 2 : apps > 2000 ? 4 : 10) : numberOf('looks', values.looks);
  const sizes = numbersOf('apps', values.apps ?? (quick ? '40' : '100,1000,10000'));
  const models = numbersOf('models', values.models ?? (quick ? '2' : '1,20,1000'));
  const sized = (apps: number) => ({ apps, everyS: everyOf(apps) });
  return {
    parts: values.kept ? [] : values.part === undefined ? (quick ? ['look', 'recovery'] : PARTS) : partsOf(values.part),
    sites: values.sites === undefined ? (quick ? 4 : 50) : numberOf('sites', values.sites),
    cells: sizes.flatMap((apps) =>
      models.filter((n) => n <= apps).map((n) => ({ apps, models: n, everyS: everyOf(apps), looks: looksOf(apps) })),
    ),
    middle: sized(quick ? 40 : 1000),
    largest: sized(quick ? 40 : Math.max(...sizes)),
    kills: quick ? 1 : 3,
    pauseLooks: quick ? 2 : 4,
    moves: values.moves === undefined ? (quick ? 1 : 10) : numberOf('moves', values.moves),
    quick,
    write: values.write && !quick,
  };
}

function partsOf(text: string): Part[] {
  return text.split(',').map((name) => {
    const part = PARTS.find((p) => p === name.trim());
    if (!part) throw new Error(`--part: there is no ${name}; ${PARTS.join(', ')}`);
    return part;
  });
}

const numbersOf = (option: string, text: string): number[] => text.split(',').map((one) => numberOf(option, one));

function numberOf(option: string, text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1 || n > 100_000)
    throw new Error(`--${option}: a whole number from 1 to 100000, not ${JSON.stringify(text)}`);
  return n;
}
