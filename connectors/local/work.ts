import { pbkdf2Sync } from 'node:crypto';

const SAMPLE = 4000;
const TRIES = 15;

/** The work of a request: a fixed number of PBKDF2 rounds. */
export function work(iterations: number): void {
  pbkdf2Sync('berth', 'local', iterations, 32, 'sha256');
}

/**
 * PBKDF2 rounds that take one millisecond of CPU time here. CPU time and not wall time, and the best of 15, so that a busy
 * machine gives the same number as an idle one.
 */
export function iterationsPerMs(): number {
  let bestUs = Infinity;
  for (let i = 0; i < TRIES; i += 1) {
    const before = process.cpuUsage();
    work(SAMPLE);
    const used = process.cpuUsage(before);
    const us = used.user + used.system;
    if (us > 0) bestUs = Math.min(bestUs, us);
  }
  if (!Number.isFinite(bestUs)) throw new Error('CPU time cannot be measured on this machine');
  return (SAMPLE / bestUs) * 1000;
}
