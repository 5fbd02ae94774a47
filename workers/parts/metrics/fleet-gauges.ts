import { Gauge, Registry } from 'prom-client';

import { SOURCE } from '../../../connectors/prometheus/intake.ts';
import type { Store } from '../../../connectors/store/types.ts';
import { breakerOf } from '../../../domain/breaker.ts';
import type { Decision } from '../../../domain/decision.ts';
import type { AppliedConfig, ControllerRow } from '../../../domain/records.ts';

/** How far back predictions are compared with what came. */
const ERROR_WITHIN_MS = 15 * 60_000;

/** One value with its labels. */
type Value = readonly [labels: Readonly<Record<string, string>>, value: number];
interface Shown {
  readonly name: string;
  readonly help: string;
  /** None: unknown, which is left out and never shown as zero. */
  readonly values: readonly Value[];
}

/**
 * The state of the fleet by the store, in the text format of Prometheus: every control worker shows the same. A store that does not answer shows
 * `berth_store_up 0` and nothing else.
 */
export async function fleetGauges(store: Store, clock: () => number): Promise<string> {
  const shown = await readFleet(store, clock()).catch((): Shown[] => []);
  const up: Shown = { name: 'berth_store_up', help: '1: the database answers.', values: [[{}, shown.length > 0 ? 1 : 0]] };
  const registry = new Registry();
  for (const { name, help, values } of [up, ...shown]) {
    if (values.length === 0) continue;
    const gauge = new Gauge({ name, help, labelNames: Object.keys(values[0]?.[0] ?? {}), registers: [registry] });
    for (const [labels, value] of values) gauge.set(labels, value);
  }
  return await registry.metrics();
}

async function readFleet(store: Store, nowMs: number): Promise<Shown[]> {
  const applied = await store.config();
  if (!applied) return [one('berth_apps', 'Apps of the applied configuration.', 0)];
  return [
    one('berth_apps', 'Apps of the applied configuration.', Object.keys(applied.config.apps).length),
    one('berth_config_version', 'Version of the applied configuration.', applied.version),
    ...(await readLooks(store)),
    ...(await readHolds(store, applied, nowMs)),
    ...(await readMoves(store, applied)),
    ...(await readErrors(store, nowMs)),
    ...(await readDoors(store, nowMs)),
  ];
}

async function readLooks(store: Store): Promise<Shown[]> {
  const last = await store.lastLook();
  if (!last) return [];
  const time = one('berth_last_look_timestamp_seconds', 'Scheduled time of the newest look.', last.lookMs / 1000);
  const [decision] = await store.decisions({ fromMs: last.lookMs, toMs: last.lookMs, limit: 1 });
  return [time, ...sightOf(decision)];
}

/** Every decision of a look records the same sight of the fleet. */
function sightOf(decision: Decision | undefined): Shown[] {
  const blind = decision?.gates.find((g) => g.gate === 'blind');
  const { apps, appsSeen, sites, sitesSeen } = blind?.numbers ?? {};
  if (!decision || !blind || apps === undefined || sites === undefined || appsSeen === undefined || sitesSeen === undefined) return [];
  return [
    one('berth_fleet_blind', '1: too little of the fleet has fresh samples, so that nobody moves.', blind.pass ? 0 : 1),
    {
      name: 'berth_seen_ratio',
      help: 'Share with fresh samples at the newest look.',
      values: [
        ...(apps > 0 ? [[{ of: 'apps' }, appsSeen / apps] as const] : []),
        ...(sites > 0 ? [[{ of: 'sites' }, sitesSeen / sites] as const] : []),
      ],
    },
  ];
}

async function readHolds(store: Store, { config }: AppliedConfig, nowMs: number): Promise<Shown[]> {
  const [fleet, rows, ends] = [await store.fleet(), await store.controllers(), await store.endedMoves(config.breaker.last)];
  const breaker = breakerOf(ends, config.breaker, { nowMs, ...(fleet?.reset && { resetMs: fleet.reset.atMs }) });
  const apps = (state: string, is: (row: ControllerRow) => boolean): Value => [{ state }, rows.filter(is).length];
  return [
    {
      name: 'berth_apps_held',
      help: 'Apps that something holds, by what; an app may be in several.',
      values: [
        apps('paused', (r) => r.paused),
        apps('held', (r) => r.held !== undefined),
        apps('frozen', (r) => r.frozen !== undefined),
        apps('overridden', (r) => r.override !== undefined),
        apps('awaiting-approval', (r) => r.approval !== undefined),
      ],
    },
    {
      name: 'berth_fleet_held',
      help: '1: the whole fleet is held, by what.',
      values: [
        [{ state: 'paused' }, fleet?.paused === true ? 1 : 0],
        [{ state: 'frozen' }, fleet?.frozen ? 1 : 0],
        [{ state: 'breaker' }, breaker.open ? 1 : 0],
      ],
    },
  ];
}

async function readMoves(store: Store, { config }: AppliedConfig): Promise<Shown[]> {
  const open = await store.openClaims();
  const most = (key: 'from' | 'to') => Math.max(0, ...[...countBy(open.map((c) => c[key])).values()]);
  const spaces = countBy(open.map((c) => config.apps[c.app]?.namespace ?? 'default'));
  return [
    {
      name: 'berth_moves_open',
      help: 'Moves under way: of the fleet, and the most of any one namespace, source and destination.',
      values: [
        [{ budget: 'fleet' }, open.length],
        [{ budget: 'namespace' }, Math.max(0, ...spaces.values())],
        [{ budget: 'source' }, most('from')],
        [{ budget: 'destination' }, most('to')],
      ],
    },
    {
      name: 'berth_moves_budget',
      help: 'Moves that may be under way at a time.',
      values: Object.entries(config.budgets).map(([budget, limit]) => [{ budget }, limit]),
    },
  ];
}

async function readErrors(store: Store, nowMs: number): Promise<Shown[]> {
  const error = await store.liveError(nowMs - ERROR_WITHIN_MS);
  if (!error) return [];
  return [
    {
      name: 'berth_prediction_error',
      help: 'Score points between prediction and outcome over the last 15 minutes.',
      values: [
        [{ quantile: '0.5' }, error.p50],
        [{ quantile: '0.9' }, error.p90],
      ],
    },
    ...(error.covered === undefined
      ? []
      : [one('berth_prediction_coverage_ratio', 'Share of those outcomes within the predicted p10 to p90; 0.8 is meant.', error.covered)]),
  ];
}

/** What waits at the doors: telemetry from outside, and events for the outside. */
async function readDoors(store: Store, nowMs: number): Promise<Shown[]> {
  const [intake, waiting] = [await store.intake(SOURCE), await store.undelivered()];
  return [
    one('berth_notices_undelivered', 'Events that some receiver has not got yet.', waiting.count),
    ...(intake?.untilMs === undefined
      ? []
      : [one('berth_intake_age_seconds', 'Since the newest sample that was asked of Prometheus.', (nowMs - intake.untilMs) / 1000)]),
    ...(intake ? [one('berth_intake_problems', 'Queries that Prometheus could not answer the last time.', intake.problems.length)] : []),
  ];
}

const one = (name: string, help: string, value: number): Shown => ({ name, help, values: [[{}, value]] });

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
