import { randomFrom } from '../../connectors/local/random.ts';
import type { Fault } from '../kubernetes/fault-proxy.ts';

const FAULTS: readonly Fault[] = [
  { kind: 'latency', ms: 400 },
  { kind: 'status', status: 429, retryAfter: '1' },
  { kind: 'status', status: 429 },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503, retryAfter: '1' },
  { kind: 'reset-before' },
  { kind: 'reset-after' },
  { kind: 'reset-after' },
  { kind: 'truncated' },
];
/** A hang costs the caller its whole deadline, so few of the faults are one. */
const HANGS = 0.02;

/** What to do to the next call: nothing to most, else one of the faults that a network and an API server know, by the seed alone. */
export function faultsOf(seed: number, share: number): { next: () => Fault | undefined; injected: () => number } {
  const random = randomFrom(`chaos ${seed}`);
  let injected = 0;
  return {
    injected: () => injected,
    next() {
      if (random() >= share) return undefined;
      injected += 1;
      return random() < HANGS ? { kind: 'hang' } : FAULTS[Math.floor(random() * FAULTS.length)];
    },
  };
}
