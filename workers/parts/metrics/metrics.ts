import type { Meter } from '../../../activities/meter.ts';
import type { Store } from '../../../connectors/store/types.ts';
import { counters } from './counters.ts';
import { fleetGauges } from './fleet-gauges.ts';

export interface Metrics {
  readonly meter: Meter;
  /** Everything a scrape gets, in the text format of Prometheus. */
  readonly text: () => Promise<string>;
}

/** The metrics of a worker: what it did, what its Temporal SDK says, and, where it has the control role, the state of the fleet. */
export function openMetrics(of: { clock: () => number; store?: Store; sdk?: () => Promise<string> }): Metrics {
  const { registry, meter } = counters(of.clock);
  const parts = [() => registry.metrics(), ...(of.store ? [fleetOf(of.store, of.clock)] : []), ...(of.sdk ? [of.sdk] : [])];
  return {
    meter,
    text: async () => {
      const texts = await Promise.all(parts.map((read) => read()));
      return (
        texts
          .map((text) => text.trimEnd())
          .filter((text) => text !== '')
          .join('\n') + '\n'
      );
    },
  };
}

const fleetOf = (store: Store, clock: () => number) => () => fleetGauges(store, clock);
