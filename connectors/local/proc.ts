import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Clock ticks per second of utime and stime: 100 on every Linux architecture Node runs on. */
const TICKS_PER_S = 100;

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Another system, or a process that has just ended: not readable is an answer.
    return undefined;
  }
}

/** Cores this process may use; a container may own cores 4-7. Undefined where the system does not say which. */
export function allowedCores(): readonly number[] | undefined {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(read('/proc/self/status') ?? '')?.[1];
  return list === undefined ? undefined : coresIn(list);
}

/** `0-2,5` as numbers. */
export function coresIn(list: string): readonly number[] {
  return list.split(',').flatMap((part) => {
    const [first = NaN, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

export function coreCount(): number {
  return allowedCores()?.length ?? availableParallelism();
}

export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** Seconds of CPU since it started, of all its threads. */
  readonly cpuS: number;
  /** The same of its children that have ended and were waited for. */
  readonly reapedS: number;
  /** The core it ran on last. */
  readonly core: number;
  /** Clock ticks from boot; with the pid it names one process for ever. */
  readonly started: number;
  /** Dead, and only waiting for its parent to take note; without an init process that may be for ever. */
  readonly zombie: boolean;
}

export function processStat(pid: number): ProcessStat | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseStat(pid, text);
}

/** The name in field 2 may hold spaces and brackets, so fields are counted from the last bracket. */
export function parseStat(pid: number, text: string): ProcessStat | undefined {
  const [status, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const fields = [NaN, ...rest.map(Number)];
  const [parent, user, system, started, core] = [fields[1], fields[11], fields[12], fields[19], fields[36]];
  const reapedS = ((fields[13] ?? 0) + (fields[14] ?? 0)) / TICKS_PER_S;
  if (parent === undefined || user === undefined || system === undefined || started === undefined || core === undefined) return undefined;
  return { pid, parent, cpuS: (user + system) / TICKS_PER_S, reapedS, core, started, zombie: status === 'Z' };
}

/** All processes that can be seen; undefined where there is no `/proc`. */
export function allProcesses(): readonly ProcessStat[] | undefined {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    // macOS and others have none.
    return undefined;
  }
  const found = names.filter((name) => /^\d+$/.test(name)).flatMap((name) => processStat(Number(name)) ?? []);
  return found.length === 0 ? undefined : found;
}

/** Seconds the main thread of a process has waited for a core: `/proc/PID/schedstat`, field 2, in ns. */
export function runDelayS(pid: number): number | undefined {
  const waited = Number(read(`/proc/${pid}/schedstat`)?.split(' ')[1]);
  return Number.isFinite(waited) ? waited / 1e9 : undefined;
}

/** Seconds in which some task of the machine waited for CPU; PSI may be switched off. */
export function pressureS(): number | undefined {
  const total = /^some .*total=(\d+)/m.exec(read('/proc/pressure/cpu') ?? '')?.[1];
  return total === undefined ? undefined : Number(total) / 1e6;
}

/** Idle and total clock ticks of each core. */
export function coreTimes(): ReadonlyMap<number, { idle: number; total: number }> | undefined {
  const text = read('/proc/stat');
  if (text === undefined) return undefined;
  const times = new Map<number, { idle: number; total: number }>();
  for (const [, core, rest] of text.matchAll(/^cpu(\d+) (.*)$/gm)) {
    const fields = (rest ?? '').trim().split(' ').map(Number);
    // user nice system idle iowait irq softirq steal; guest time is in user already.
    times.set(Number(core), { idle: (fields[3] ?? 0) + (fields[4] ?? 0), total: fields.slice(0, 8).reduce((a, b) => a + b, 0) });
  }
  return times;
}
