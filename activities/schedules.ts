import { ScheduleNotFoundError, ScheduleOverlapPolicy, type Client, type ScheduleOptions } from '@temporalio/client';

import type { Config } from '../domain/config.ts';
import { isEnabled } from '../domain/enabled.ts';
import { QUEUE, workflowIds } from '../workflows/queues.ts';

export const scheduleIds = {
  look: 'predict-fleet',
  notices: 'deliver-notices',
  drift: 'check-drift',
  train: (key: string) => `train-${key}`,
} as const;

/** Wanted by some configurations only. */
const OPTIONAL: ReadonlySet<string> = new Set([scheduleIds.notices, scheduleIds.drift]);

/** Shortest catch-up window that a server takes, in seconds. */
const CATCH_UP_MIN_S = 10;

interface ScheduleChange {
  readonly id: string;
  readonly what: 'created' | 'changed' | 'deleted';
  readonly options?: ScheduleOptions;
  /** What was said of the Schedule that is there: somebody may have paused it. */
  readonly state?: ScheduleOptions['state'];
}

/** Makes the Schedules of a configuration what they should be, and ends those of models that are gone. Returns what it changed, in sentences. */
export async function applySchedules(client: Client, config: Config): Promise<string[]> {
  const changes = await scheduleChanges(client, config);
  for (const { id, what, options, state } of changes) {
    if (what !== 'created') await client.schedule.getHandle(id).delete();
    if (options) await client.schedule.create({ ...options, memo: { berth: digestOf(options) }, ...(state && { state }) });
  }
  return changes.map(({ id, what }) => `Schedule ${id} ${what}`);
}

/** What `applySchedules` would do. */
export async function scheduleChanges(client: Client, config: Config): Promise<readonly ScheduleChange[]> {
  const wanted = wantedSchedules(config);
  const changes = (await Promise.all([...wanted].map(([id, options]) => changeOf(client, id, options)))).flat();
  for await (const { scheduleId: id } of client.schedule.list()) {
    if ((id.startsWith('train-') || OPTIONAL.has(id)) && !wanted.has(id)) changes.push({ id, what: 'deleted' });
  }
  // Asked for by name: what was just created is not in the list yet.
  if (!wanted.has(scheduleIds.look) && (await isThere(client, scheduleIds.look))) changes.push({ id: scheduleIds.look, what: 'deleted' });
  return changes;
}

function wantedSchedules(config: Config): ReadonlyMap<string, ScheduleOptions> {
  if (config.enabled === false) return new Map();
  const wanted = new Map<string, ScheduleOptions>([[scheduleIds.look, lookSchedule(config)]]);
  if (config.schedules.train) {
    for (const key of modelKeys(config)) wanted.set(scheduleIds.train(key), trainSchedule(config.schedules.train, key));
  }
  if (modelKeys(config).length > 0) wanted.set(scheduleIds.drift, driftSchedule(config));
  if (Object.keys(config.notifications.receivers).length > 0) wanted.set(scheduleIds.notices, noticeSchedule(config));
  return wanted;
}

/** The apps whose own profile is learned from: those that are not turned off and do not borrow another's model. */
export const modelKeys = (config: Config): string[] =>
  Object.entries(config.apps)
    .filter(([name, app]) => isEnabled(config, name) && app.model === undefined && config.policies[app.policy]?.predictor === 'model')
    .map(([name]) => name);

function lookSchedule(config: Config): ScheduleOptions {
  return {
    scheduleId: scheduleIds.look,
    ...timing(config.schedules.look),
    action: {
      type: 'startWorkflow',
      workflowType: 'predictQos',
      workflowId: 'predict/fleet',
      taskQueue: QUEUE.control,
      args: [],
      workflowExecutionTimeout: '15 minutes',
      // A worker that is killed inside one of the look's tasks costs this long; they take milliseconds.
      workflowTaskTimeout: '5 seconds',
      staticSummary: 'one look at the fleet',
    },
  };
}

function noticeSchedule({ notifications }: Config): ScheduleOptions {
  return {
    scheduleId: scheduleIds.notices,
    ...timing({ every: notifications.every }),
    action: {
      type: 'startWorkflow',
      workflowType: 'deliverNotices',
      workflowId: workflowIds.notices,
      taskQueue: QUEUE.control,
      args: [],
      workflowExecutionTimeout: '10 minutes',
      staticSummary: 'tell the receivers what has come up',
    },
  };
}

function driftSchedule({ drift }: Config): ScheduleOptions {
  return {
    scheduleId: scheduleIds.drift,
    ...timing({ every: drift.every }),
    action: {
      type: 'startWorkflow',
      workflowType: 'checkDrift',
      workflowId: workflowIds.drift,
      taskQueue: QUEUE.control,
      args: [],
      workflowExecutionTimeout: '1 hour',
      staticSummary: 'compare what models say with what happens',
    },
  };
}

function trainSchedule(at: NonNullable<Config['schedules']['train']>, key: string): ScheduleOptions {
  return {
    scheduleId: scheduleIds.train(key),
    ...timing(at),
    action: {
      type: 'startWorkflow',
      workflowType: 'trainModel',
      workflowId: workflowIds.train(key),
      taskQueue: QUEUE.control,
      args: [{ app: key, profile: false }],
      workflowExecutionTimeout: '6 hours',
      staticSummary: `train ${key}`,
    },
  };
}

function timing(at: Config['schedules']['look']): Pick<ScheduleOptions, 'spec' | 'policies'> {
  const everyS = at.every;
  return {
    spec:
      everyS === undefined
        ? { cronExpressions: [at.cron ?? ''] }
        : { intervals: [{ every: `${Math.max(1, Math.round(everyS))} seconds` }] },
    // One interval of catch-up: after an outage at most one look is made up for, not a backlog.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: `${Math.max(CATCH_UP_MIN_S, Math.round(everyS ?? 60))} seconds` },
  };
}

async function isThere(client: Client, id: string): Promise<boolean> {
  try {
    await client.schedule.getHandle(id).describe();
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}

async function changeOf(client: Client, id: string, options: ScheduleOptions): Promise<ScheduleChange[]> {
  try {
    const found = await client.schedule.getHandle(id).describe();
    if (found.memo?.['berth'] === digestOf(options)) return [];
    const { paused, note } = found.state;
    return [{ id, what: 'changed', options, state: { paused, ...(note && { note }) } }];
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    return [{ id, what: 'created', options }];
  }
}

const digestOf = (options: ScheduleOptions): string =>
  JSON.stringify({ spec: options.spec, policies: options.policies, action: options.action });
