import { allProcesses } from './proc.ts';

interface Seen {
  readonly cpuS: number;
  readonly started: number;
}

export interface CpuUse {
  /** Cores' worth of CPU used by the processes that ran on this core last. */
  readonly ofCore: (core: number) => number;
  /** The same of one process; undefined when it is not there. Taken from the same reading, so that one can be subtracted from the other. */
  readonly ofProcess: (pid: number) => number | undefined;
}

/** CPU use between two readings of `/proc`. Processes that ended in between are not seen. */
export class CpuMeter {
  #before: ReadonlyMap<number, Seen> | undefined;
  #readMs = 0;

  /** Undefined at the first reading and where there is no `/proc`. */
  read(): CpuUse | undefined {
    const all = allProcesses();
    const nowMs = performance.now();
    const [before, seconds] = [this.#before, (nowMs - this.#readMs) / 1000];
    this.#before = all && new Map(all.map((one) => [one.pid, one]));
    this.#readMs = nowMs;
    if (!all || !before || seconds <= 0) return undefined;
    const cores = new Map<number, number>();
    const processes = new Map<number, number>();
    for (const one of all) {
      const earlier = before.get(one.pid);
      const used = (one.cpuS - (earlier?.started === one.started ? earlier.cpuS : 0)) / seconds;
      processes.set(one.pid, used);
      cores.set(one.core, (cores.get(one.core) ?? 0) + used);
    }
    return { ofCore: (core) => cores.get(core) ?? 0, ofProcess: (pid) => processes.get(pid) };
  }
}
