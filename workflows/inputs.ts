import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';

import type { ControllerInput } from './controller-state.ts';
import type { DrainInput } from './drain-site.ts';
import { INSTANT, nameProblem, numberProblem, readRecord, readSiteMessage, textProblem } from './guards.ts';
import type { MoveInput } from './migrate-app.ts';
import type { ProfileInput } from './profile-app.ts';
import type { PromoteInput } from './promote-model.ts';
import type { ReplayInput } from './replay-decisions.ts';
import type { RollbackInput } from './rollback-model.ts';
import type { TrainInput } from './train-model.ts';
import type { WatchInput } from './watch-fleet.ts';

/** Fewer events than one message and its answer take, and a workflow would do nothing but continue as new. */
const EVENTS_MIN = 30;
const SECONDS_MAX = 30 * 86_400;
const ORIGINS = ['look', 'override', 'approval', 'drain'];

/** What starts a workflow may be anything a person types: it is refused as a whole, with the field's name, instead of failing task after task. */
export function controllerInput(raw: unknown): ControllerInput {
  if (isCarried(raw)) return raw as ControllerInput;
  const input = record(raw, ['app', 'maxEvents'], '{"app":"shop"}');
  refuse(nameProblem(input, 'app') ?? maxEventsProblem(input));
  return input as unknown as ControllerInput;
}

export function watchInput(raw: unknown): WatchInput {
  if (isCarried(raw)) return raw as WatchInput;
  const input = record(raw ?? {}, ['everyS', 'maxEvents'], '{"everyS":30}');
  refuse(secondsProblem(input, 'everyS', 1) ?? maxEventsProblem(input));
  return input as unknown as WatchInput;
}

export function drainInput(raw: unknown): DrainInput {
  if (isCarried(raw)) return raw as DrainInput;
  const { undo, everyS, maxEvents, ...message } = record(
    raw,
    ['site', 'by', 'reason', 'until', 'forS', 'undo', 'everyS', 'maxEvents'],
    '{"site":"site-1","by":"ann","reason":"new disks"}',
  );
  const read = readSiteMessage(message);
  refuse(
    (read.ok ? undefined : read.why) ??
      (undo === undefined || typeof undo === 'boolean' ? undefined : 'undo must be true or false') ??
      secondsProblem({ everyS }, 'everyS', 0.1) ??
      maxEventsProblem({ maxEvents }),
  );
  return raw as DrainInput;
}

export function profileInput(raw: unknown): ProfileInput {
  const input = record(raw, ['app', 'visits', 'visitS'], '{"app":"shop"}');
  const { visits } = input;
  const strange = visits !== undefined && !(Number.isInteger(visits) && (visits as number) >= 1 && (visits as number) <= 100);
  refuse(
    nameProblem(input, 'app') ??
      (strange ? 'visits must be a whole number between 1 and 100' : undefined) ??
      secondsProblem(input, 'visitS', 0.1),
  );
  return input as unknown as ProfileInput;
}

export function trainInput(raw: unknown): TrainInput {
  const input = record(raw, ['app', 'seed', 'reprofile', 'profile', 'refresh'], '{"app":"shop"}');
  const { seed, reprofile, profile, refresh } = input;
  refuse(
    nameProblem(input, 'app') ??
      (seed === undefined || (Number.isInteger(seed) && (seed as number) >= 0) ? undefined : 'seed must be a whole number from 0') ??
      (reprofile === undefined || typeof reprofile === 'boolean' ? undefined : 'reprofile must be true or false') ??
      (profile === undefined || typeof profile === 'boolean' ? undefined : 'profile must be true or false') ??
      (refresh === undefined || typeof refresh === 'boolean' ? undefined : 'refresh must be true or false'),
  );
  return input as unknown as TrainInput;
}

export function promoteInput(raw: unknown): PromoteInput {
  const input = record(raw, ['key', 'version', 'by'], '{"key":"shop","version":2}');
  refuse(
    nameProblem(input, 'key') ??
      (Number.isInteger(input['version']) && (input['version'] as number) >= 1 ? undefined : 'version must be a whole number from 1') ??
      (input['by'] === undefined ? undefined : textProblem(input, 'by', 100)),
  );
  return input as unknown as PromoteInput;
}

export function replayInput(raw: unknown): ReplayInput {
  const input = record(raw, ['from', 'to', 'app', 'policy'], '{"from":"2026-11-25T18:00:00Z","to":"2026-11-25T19:00:00Z"}');
  const { from, to, policy } = input;
  const instantProblem = (field: 'from' | 'to', value: unknown) =>
    typeof value === 'string' && INSTANT.test(value) && !Number.isNaN(Date.parse(value))
      ? undefined
      : `${field} must be an instant such as 2026-11-25T18:00:00Z`;
  refuse(
    instantProblem('from', from) ??
      instantProblem('to', to) ??
      (Date.parse(from as string) > Date.parse(to as string) ? 'from is after to' : undefined) ??
      (input['app'] === undefined ? undefined : nameProblem(input, 'app')) ??
      (policy === undefined || (typeof policy === 'string' && /^[0-9a-f]{64}$/.test(policy))
        ? undefined
        : 'policy must be the sha256 of a blob'),
  );
  return input as unknown as ReplayInput;
}

export function rollbackInput(raw: unknown): RollbackInput {
  const input = record(raw, ['key', 'by', 'reason'], '{"key":"shop","by":"ann","reason":"it is slow"}');
  refuse(nameProblem(input, 'key') ?? textProblem(input, 'by', 100) ?? textProblem(input, 'reason', 1000));
  return input as unknown as RollbackInput;
}

export function moveInput(raw: unknown): MoveInput {
  const input = record(
    raw,
    ['decisionId', 'app', 'from', 'to', 'origin', 'reason', 'by', 'predictedGain', 'expiresMs', 'times'],
    '{"decisionId":"...","app":"shop",...}',
  );
  const times = ['readyDeadlineS', 'stableS', 'soakS', 'tolerance', 'revertDeadlineS'];
  refuse(
    textProblem(input, 'decisionId', 200) ??
      nameProblem(input, 'app') ??
      nameProblem(input, 'from') ??
      nameProblem(input, 'to') ??
      (ORIGINS.includes(input['origin'] as string) ? undefined : `origin must be one of ${ORIGINS.join(', ')}`) ??
      textProblem(input, 'reason', 1000) ??
      textProblem(input, 'by', 100) ??
      numberProblem(input, 'expiresMs') ??
      (input['predictedGain'] === undefined ? undefined : numberProblem(input, 'predictedGain')),
  );
  const given = record(input['times'], times, `{${times.map((t) => `"${t}":1`).join(',')}}`);
  refuse(times.map((field) => numberProblem(given, field) ?? secondsProblem(given, field, 0)).find((why) => why !== undefined));
  return input as unknown as MoveInput;
}

/** The state of a run before this one; nobody else can hand one in. */
const isCarried = (raw: unknown) =>
  workflowInfo().continuedFromExecutionRunId !== undefined && raw !== null && typeof raw === 'object' && 'schema' in raw;

function record(raw: unknown, known: readonly string[], example: string): Record<string, unknown> {
  const read = readRecord(raw, known, example);
  if (!read.ok) throw bad(read.why);
  return read.value;
}

function refuse(why: string | undefined): void {
  if (why !== undefined) throw bad(why);
}

const bad = (why: string) => ApplicationFailure.nonRetryable(why, 'BadInput');

function secondsProblem(input: Record<string, unknown>, field: string, min: number): string | undefined {
  const value = input[field];
  return value === undefined || (typeof value === 'number' && value >= min && value <= SECONDS_MAX)
    ? undefined
    : `${field} must be a number between ${min} and ${SECONDS_MAX}`;
}

function maxEventsProblem(input: Record<string, unknown>): string | undefined {
  const { maxEvents } = input;
  return maxEvents === undefined || (Number.isInteger(maxEvents) && (maxEvents as number) >= EVENTS_MIN)
    ? undefined
    : `maxEvents must be a whole number from ${EVENTS_MIN}`;
}
