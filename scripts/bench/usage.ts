import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** CPU since its start and memory now of one part. */
export interface Usage {
  readonly cpuS: number;
  readonly memoryMb: number;
}
export type PartPids = Readonly<Record<string, number>>;
export type UsageByPart = Readonly<Record<string, Usage>>;

const TICKS_PER_S = 100;
const MB = 1024;

/** Reads every part's process from /proc; undefined where there is none (not Linux). A part that is gone is left out. */
export function readUsage(parts: PartPids): UsageByPart | undefined {
  if (!existsSync('/proc/self/stat')) return undefined;
  const found: Record<string, Usage> = {};
  for (const [part, pid] of Object.entries(parts)) {
    const usage = part === 'postgres' ? ofPostgres(pid) : ofProcess(pid);
    if (usage) found[part] = usage;
  }
  return found;
}

interface Stat {
  readonly parent: number;
  readonly ownS: number;
  /** Of children that have ended and were waited for. */
  readonly reapedS: number;
}

function statOf(pid: number): Stat | undefined {
  const text = textOf(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name in brackets may hold anything, brackets and spaces too.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const at = (i: number): number => (fields[i] ?? 0) / TICKS_PER_S;
  return { parent: fields[1] ?? 0, ownS: at(11) + at(12), reapedS: at(13) + at(14) };
}

function ofProcess(pid: number): Usage | undefined {
  const stat = statOf(pid);
  return stat && { cpuS: stat.ownS, memoryMb: (numberAfter(`/proc/${pid}/status`, 'VmRSS') ?? 0) / MB };
}

/** The server, its backends and those that have ended. Memory is PSS, because all of them share the buffers. */
function ofPostgres(pid: number): Usage | undefined {
  const server = statOf(pid);
  if (!server) return undefined;
  const backends = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((other) => statOf(other)?.parent === pid);
  const pss = (id: number): number => numberAfter(`/proc/${id}/smaps_rollup`, 'Pss') ?? 0;
  return {
    cpuS: server.ownS + server.reapedS + backends.reduce((sum, id) => sum + (statOf(id)?.ownS ?? 0), 0),
    memoryMb: [pid, ...backends].reduce((sum, id) => sum + pss(id), 0) / MB,
  };
}

function numberAfter(file: string, key: string): number | undefined {
  const match = new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(textOf(file) ?? '');
  return match ? Number(match[1]) : undefined;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return undefined;
    throw error;
  }
}

const SAMPLE_MS = 2000;

/** Greatest memory of each part, and of all of them at one time, until `stop`. */
export function watchMemory(parts: () => PartPids): { stop: () => Record<string, number> } {
  const most: Record<string, number> = {};
  const sample = (): void => {
    const usage = readUsage(parts());
    if (!usage) return;
    let sum = 0;
    for (const [part, { memoryMb }] of Object.entries(usage)) {
      most[part] = Math.max(most[part] ?? 0, memoryMb);
      if (part !== 'bench') sum += memoryMb;
    }
    most['sum'] = Math.max(most['sum'] ?? 0, sum);
  };
  sample();
  const timer = setInterval(sample, SAMPLE_MS);
  return {
    stop: () => {
      clearInterval(timer);
      sample();
      return most;
    },
  };
}
