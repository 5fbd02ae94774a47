import { answer } from './ipc.ts';

/** A noisy neighbour: busy for `duty` of every 100 ms. */
const WINDOW_MS = 100;
let duty = Number(process.env['BERTH_DUTY'] ?? '0');

function burn(): void {
  const start = performance.now();
  while (performance.now() - start < WINDOW_MS * duty);
  const restMs = start + WINDOW_MS - performance.now();
  if (restMs <= 0) setImmediate(burn);
  else setTimeout(burn, restMs);
}

answer({ duty: (args: { duty: number }) => void (duty = args.duty) });
burn();
