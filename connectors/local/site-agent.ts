import { answer, tell } from './ipc.ts';
import type { ProbeSpec } from './service-spec.ts';
import { work } from './work.ts';

/**
 * Sits on a site and measures what an app would find there: how much longer than its CPU time a short burst takes.
 * The burst must be longer than the scheduler's slice, or it never meets its neighbours: 6 ms does, 2 ms does not.
 */
const spec = JSON.parse(process.env['BERTH_PROBE'] ?? '') as ProbeSpec;
let factor = spec.factor;

function probe(): void {
  const before = process.cpuUsage();
  const start = performance.now();
  work(spec.iterations);
  const wallMs = performance.now() - start;
  const used = process.cpuUsage(before);
  const cpuMs = (used.user + used.system) / 1000;
  if (cpuMs > 0) tell({ kind: 'probe', ratio: wallMs / cpuMs });
}

function probeSimulated(): void {
  const start = performance.now();
  setTimeout(() => tell({ kind: 'probe', ratio: (performance.now() - start) / spec.burstMs }), spec.burstMs * factor);
}

answer({ factor: (args: { factor: number }) => void (factor = args.factor) });
const run = spec.simulated ? probeSimulated : probe;
run();
setInterval(run, spec.everyMs);
