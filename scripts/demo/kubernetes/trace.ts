import { readFile } from 'node:fs/promises';

/** What was measured on each site at one second of the recording: series -> value. */
export type Tick = ReadonlyMap<string, Readonly<Record<string, number>>>;

/** A recording, played over and over. */
export interface Trace {
  readonly sites: readonly string[];
  readonly seconds: number;
  at(elapsedMs: number): Tick;
}

/** Reads `second,site,<series>...`; lines that begin with # are words. An empty cell is unknown. Throws with the line that is wrong. */
export async function readTrace(file: string): Promise<Trace> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const [first, ...rows] = lines;
  const names = (first ?? '').split(',').slice(2);
  if (!first?.startsWith('second,site,') || names.length === 0) throw new Error(`${file}: its first line is not second,site,<series>...`);
  const ticks: Map<string, Record<string, number>>[] = [];
  for (const row of rows) {
    const [second, site, ...cells] = row.split(',');
    const at = Number(second);
    if (!Number.isInteger(at) || at < 0 || !site || cells.length !== names.length) throw new Error(`${file}: cannot read "${row}"`);
    const known = names.flatMap((name, i) => (cells[i] === '' ? [] : [[name, Number(cells[i])] as const]));
    if (known.some(([, value]) => !Number.isFinite(value))) throw new Error(`${file}: no number in "${row}"`);
    (ticks[at] ??= new Map()).set(site, Object.fromEntries(known));
  }
  const sites = [...new Set(ticks.flatMap((tick) => [...(tick?.keys() ?? [])]))];
  return { sites, seconds: ticks.length, at: (elapsedMs) => ticks[Math.floor(elapsedMs / 1000) % ticks.length] ?? new Map() };
}
