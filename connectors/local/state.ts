import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { localSpecSchema } from './spec.ts';

const switchRecord = z.strictObject({
  decisionId: z.string(),
  kind: z.enum(['apply', 'restore']),
  from: z.string(),
  to: z.string(),
  askedMs: z.number(),
  /** `nothing`: the app was there already. */
  outcome: z.enum(['pending', 'done', 'failed', 'nothing']),
  /** When the proxy was switched; a record without it changed nothing. */
  switchedMs: z.number().optional(),
  endedMs: z.number().optional(),
  why: z.string().optional(),
  report: z.strictObject({ startS: z.number(), switchS: z.number(), drainS: z.number(), failedRequests: z.number() }).optional(),
});

const appState = z.strictObject({
  site: z.string(),
  /** Counts the switches. */
  generation: z.int(),
  decisionId: z.string().optional(),
  /** The port of the stable address. */
  port: z.int().optional(),
  /** Requests per second set through the Load port. */
  rate: z.number().optional(),
  /** Newest last; the pending one, if any, is the last. */
  records: z.array(switchRecord),
  /** Claims that were undone, newest last: no change of theirs is taken any more, also one that was never heard of. */
  undone: z.array(z.string()).default([]),
});

const siteMode = z.strictObject({
  kind: z.enum(['cores', 'simulated']),
  /** In words, for people. */
  reason: z.string(),
  /** What the configured rates are multiplied by: half on a machine that is somewhat busy. */
  rateFactor: z.number(),
  /** Core of each site; empty when simulated. */
  cores: z.record(z.string(), z.int()),
});

const stateSchema = z.strictObject({
  version: z.literal(1),
  iterationsPerMs: z.number().positive(),
  spec: localSpecSchema.optional(),
  mode: siteMode.optional(),
  apps: z.record(z.string(), appState),
});

export type SwitchRecord = z.output<typeof switchRecord>;
export type AppState = z.output<typeof appState>;
export type SiteMode = z.output<typeof siteMode>;
/** What the daemon is meant to keep up: the only thing that outlives it. */
export type State = z.output<typeof stateSchema>;

/** So many switches and undone claims of an app are remembered, and with them their ids. */
export const KEPT_RECORDS = 200;

function pathOf(dir: string): string {
  return join(dir, 'state.json');
}

/** Undefined when there is none yet. Throws, naming the file, when it is not one of ours: it is never replaced silently. */
export function loadState(dir: string): State | undefined {
  const path = pathOf(dir);
  if (!existsSync(path)) return undefined;
  try {
    return stateSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new Error(`${path} cannot be read; move it away to start afresh: ${(error as Error).message}`);
  }
}

/** Whole or not at all, and on the disk when it returns. */
export function saveState(dir: string, state: State): void {
  const temporary = `${pathOf(dir)}.new`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeSync(file, JSON.stringify(state));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, pathOf(dir));
}
