import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

import type { Meter } from '../../../activities/meter.ts';
import { GATES } from '../../../domain/decision.ts';

/** Ages of input: from one scrape to "something is down". Seconds. */
const AGES_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 900, 3600];
const DELAYS_S = [0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300];

/** What this process did since it started, and what it uses. The names are kept: alert rules and boards of users carry them. */
export function counters(clock: () => number): { registry: Registry; meter: Meter } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const looks = new Counter({ name: 'berth_looks_total', help: 'Looks that decided for the whole fleet.', registers });
  const delay = new Histogram({
    name: 'berth_look_delay_seconds',
    help: 'From the scheduled time of a look to its decisions in the store.',
    buckets: DELAYS_S,
    registers,
  });
  const decisions = new Counter({ name: 'berth_decisions_total', help: 'Decisions by verdict.', labelNames: ['verdict'], registers });
  const refusals = new Counter({
    name: 'berth_gate_refusals_total',
    help: 'Gates that did not pass, also behind the first of a decision.',
    labelNames: ['gate'],
    registers,
  });
  const moves = new Counter({
    name: 'berth_moves_total',
    help: 'Moves and visits of a profile by how they ended and who wanted them.',
    labelNames: ['end', 'origin'],
    registers,
  });
  const ages = new Histogram({
    name: 'berth_input_age_seconds',
    help: 'Age of the newest sample at a decision, of the app and of the site it is on; what nothing is known of is not counted.',
    labelNames: ['of'],
    buckets: AGES_S,
    registers,
  });
  // A rate needs a first point: what has not happened yet has happened no times.
  for (const verdict of ['stay', 'hold', 'recommend', 'move']) decisions.inc({ verdict }, 0);
  for (const gate of GATES) refusals.inc({ gate }, 0);
  for (const end of ['done', 'reverted', 'revert-failed', 'refused']) moves.inc({ end, origin: 'look' }, 0);
  const meter: Meter = {
    decided({ lookMs, tally }) {
      looks.inc();
      delay.observe(Math.max(0, (clock() - lookMs) / 1000));
      for (const [verdict, n] of tally.verdicts) decisions.inc({ verdict }, n);
      for (const [gate, n] of tally.refusals) refusals.inc({ gate }, n);
      for (const s of tally.appAgesS) ages.observe({ of: 'app' }, s);
      for (const s of tally.siteAgesS) ages.observe({ of: 'site' }, s);
    },
    moveEnded: ({ end = 'unknown', origin }) => moves.inc({ end, origin }),
  };
  return { registry, meter };
}
