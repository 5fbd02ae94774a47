import { existsSync, readFileSync } from 'node:fs';

import { allProcesses, processStat } from '../../connectors/local/proc.ts';

/** CPU since its start and memory now of one part. */
export interface Usage {
  readonly cpuS: number;
  readonly memoryMb: number;
}
export type PartPids = Readonly<Record<string, number>>;
export type UsageByPart = Readonly<Record<string, Usage>>;

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

function ofProcess(pid: number): Usage | undefined {
  const stat = processStat(pid);
  return stat && { cpuS: stat.cpuS, memoryMb: (numberAfter(`/proc/${pid}/status`, 'VmRSS') ?? 0) / MB };
}

/** The server, its backends and those that have ended. Memory is PSS, because all of them share the buffers. */
function ofPostgres(pid: number): Usage | undefined {
  const server = processStat(pid);
  if (!server) return undefined;
  const backends = (allProcesses() ?? []).filter(({ parent }) => parent === pid);
  const pss = (id: number): number => numberAfter(`/proc/${id}/smaps_rollup`, 'Pss') ?? 0;
  return {
    cpuS: server.cpuS + server.reapedS + backends.reduce((sum, { cpuS }) => sum + cpuS, 0),
    memoryMb: [pid, ...backends.map((backend) => backend.pid)].reduce((sum, id) => sum + pss(id), 0) / MB,
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
