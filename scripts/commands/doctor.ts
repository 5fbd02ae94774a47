import { Connection, Client } from '@temporalio/client';

import { scheduleIds } from '../../activities/schedules.ts';
import { openStore } from '../../connectors/store/store.ts';
import { breakerOf, breakerSentence } from '../../domain/breaker.ts';
import type { Store } from '../../connectors/store/types.ts';
import { QUEUE } from '../../workflows/queues.ts';
import { Stops } from '../../workers/parts/stops.ts';
import { SEARCH_ATTRIBUTES } from '../platform/temporal-names.ts';
import type { Config } from '../../domain/config.ts';
import type { ConnectedPlatform } from '../../workers/parts/connected-platform.ts';
import { reachableClusters } from './clusters.ts';
import { findEndpoints, temporalConnection, type Where } from './connect.ts';
import { SOURCE } from '../../connectors/prometheus/intake.ts';
import { staleSeries } from './stale-series.ts';

export interface Finding {
  readonly ok: boolean;
  readonly what: string;
  readonly fix?: string;
}

const SCHEDULE = `Schedule ${scheduleIds.look}`;
const OFF = 'berth is turned off (enabled: false): nothing is scheduled';

type Endpoints = ReturnType<typeof findEndpoints>;

/** Checks everything berth needs, one thing after the other; a check that cannot be made is a finding, not an error. */
export async function diagnose(where: Where): Promise<Finding[]> {
  const endpoints = findEndpoints(where);
  const stops = new Stops();
  try {
    const stored = await storeFindings(endpoints, stops);
    const off = stored.some((f) => f.what === OFF);
    const found = await temporalFindings(endpoints, stops);
    return [...(off ? found.filter((f) => !f.what.startsWith(SCHEDULE)) : found), ...stored];
  } finally {
    await stops.run();
  }
}

async function judged(what: string, fix: string, check: () => Promise<string | undefined>): Promise<Finding> {
  try {
    const wrong = await check();
    return wrong === undefined ? { ok: true, what } : { ok: false, what: `${what}: ${wrong}`, fix };
  } catch (error) {
    return { ok: false, what: `${what}: ${error instanceof Error ? error.message : 'could not be checked'}`, fix };
  }
}

async function temporalFindings({ temporalAddress, namespace }: Endpoints, stops: Stops): Promise<Finding[]> {
  let connection: Connection;
  try {
    connection = await Connection.connect({ ...temporalConnection(temporalAddress), connectTimeout: '3 seconds' });
  } catch (error) {
    return [
      {
        ok: false,
        what: `Temporal at ${temporalAddress} does not answer: ${error instanceof Error ? error.message : 'unknown'}`,
        fix: 'start it with npm start, or give its address with --temporal',
      },
    ];
  }
  stops.add('connection', () => connection.close());
  const client = new Client({ connection, namespace });
  const findings = [{ ok: true, what: `Temporal at ${temporalAddress}` }];
  findings.push(
    await judged(
      `namespace ${namespace}`,
      `temporal operator namespace create --namespace ${namespace}`,
      async () => void (await connection.workflowService.describeNamespace({ namespace })),
    ),
  );
  findings.push(
    await judged('search attributes', 'temporal operator search-attribute create --name NAME --type TYPE for each that is missing', () =>
      missingAttributes(connection, namespace),
    ),
  );
  for (const queue of Object.values(QUEUE)) {
    findings.push(
      await judged(`a worker polls ${queue}`, 'start the worker of that queue; npm start runs all three', () =>
        silentQueue(connection, { namespace, queue }),
      ),
    );
  }
  findings.push(
    await judged(
      SCHEDULE,
      `if it is gone: npm run berth -- apply berth.yaml; if paused: temporal schedule toggle --unpause --schedule-id ${scheduleIds.look}`,
      async () => {
        const { state } = await client.schedule.getHandle(scheduleIds.look).describe();
        return state.paused ? `is paused${state.note ? ` (${state.note})` : ''}` : undefined;
      },
    ),
  );
  return findings;
}

async function missingAttributes(connection: Connection, namespace: string): Promise<string | undefined> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.keys(SEARCH_ATTRIBUTES).filter((name) => customAttributes?.[name] === undefined);
  return missing.length === 0 ? undefined : `${missing.join(', ')} are not registered`;
}

async function silentQueue(
  connection: Connection,
  { namespace, queue }: { namespace: string; queue: string },
): Promise<string | undefined> {
  // 1: workflow task queue, 2: activity task queue. Every role polls for activities.
  const { pollers } = await connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name: queue }, taskQueueType: 2 });
  return (pollers ?? []).length > 0 ? undefined : 'nobody does';
}

async function storeFindings(endpoints: Endpoints, stops: Stops): Promise<Finding[]> {
  let store: Store;
  try {
    store = await openStore({ url: endpoints.databaseUrl, max: 2 });
  } catch (error) {
    return [
      {
        ok: false,
        what: `the database does not answer: ${error instanceof Error ? error.message : 'unknown'}`,
        fix: 'start it with npm start, or give its address with --database',
      },
    ];
  }
  stops.add('store', () => store.close());
  const { serverVersion, migration } = await store.health();
  const findings: Finding[] = [{ ok: true, what: `Postgres ${serverVersion}, migration ${migration}, installation ${store.installation}` }];
  const applied = await store.config();
  if (!applied) return [...findings, { ok: false, what: 'no configuration is applied', fix: 'npm run berth -- apply berth.yaml' }];
  const { config } = applied;
  if (config.enabled === false) findings.push({ ok: true, what: OFF });
  findings.push(
    await judged('fresh samples of every series', 'is the collector running? for the local cluster: npm start', () =>
      staleSeries(store, config, Date.now()),
    ),
  );
  findings.push(
    await judged('the breaker is closed', 'look at berth moves; then: npm run berth -- reset-breaker --reason "..."', async () => {
      const [fleet, ends] = [await store.fleet(), await store.endedMoves(config.breaker.last)];
      const state = breakerOf(ends, config.breaker, { nowMs: Date.now(), ...(fleet?.reset && { resetMs: fleet.reset.atMs }) });
      return state.open ? breakerSentence(state) : undefined;
    }),
  );
  if (config.connectors.prometheus)
    findings.push(
      await judged(
        'Prometheus answered every query the last time',
        'mend what is named in connectors.prometheus of berth.yaml, or on its side',
        () => intakeProblem(store),
      ),
    );
  const platform = await reachableClusters(store, endpoints.cluster);
  if (platform) findings.push(...(await clusterFindings(platform, config)));
  platform?.close();
  return findings;
}

async function clusterFindings({ cluster }: ConnectedPlatform, config: Config): Promise<Finding[]> {
  return [
    await judged(
      'every site is mapped and ready',
      'compare the sites in berth.yaml with the cores of this machine or the nodes of Kubernetes; npm start brings a local cluster back',
      async () => {
        const states = new Map((await cluster.sites()).map((s) => [s.site, s]));
        const wrong = Object.keys(config.sites).filter((site) => !states.get(site)?.ready);
        return wrong.length === 0 ? undefined : `not ready or not known: ${wrong.join(', ')}`;
      },
    ),
    await judged(
      'the right to observe every app',
      'look at the state of the apps it names; npm start brings a local cluster back',
      async () => {
        const placements = await cluster.placements(Object.keys(config.apps));
        const lost = placements.filter((p) => p.site === undefined).map((p) => p.app);
        return lost.length === 0 ? undefined : `cannot tell where these run: ${lost.join(', ')}`;
      },
    ),
  ];
}

async function intakeProblem(store: Store): Promise<string | undefined> {
  const intake = await store.intake(SOURCE);
  if (!intake) return 'nobody has asked it yet; the next look does';
  return intake.problems.length === 0 ? undefined : intake.problems.join('; ');
}
