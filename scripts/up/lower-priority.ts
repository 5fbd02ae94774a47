import { readdirSync, writeFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';

/** A third of the weight of the apps: enough to stay out of their way, not so little that a look starves beside a neighbour. */
const NICE = 5;

/**
 * Lowers the priority of a process of ours, and of the threads and children it makes from now on. What berth itself needs on this machine would
 * otherwise show in the latencies it measures, as it does not where it has a machine of its own. Where that cannot be done it stays as it is.
 */
export async function lowerPriority(pid: number): Promise<void> {
  for (const id of threadsOf(pid)) {
    try {
      if (getPriority(id) < NICE) setPriority(id, NICE);
    } catch {
      // It has ended, or there is no such thing here.
    }
  }
  await lowerGroup(pid);
}

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [pid];
  }
}

/** With autogroups the kernel weighs sessions against each other, and niceness counts only within one. It takes a change per 0.1 s. */
async function lowerGroup(pid: number): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      writeFileSync(`/proc/${pid}/autogroup`, String(NICE));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      await wait(120);
    }
  }
}
