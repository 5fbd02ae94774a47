import { ApplicationFailure, log } from '@temporalio/activity';

import { enabledApps } from '../domain/enabled.ts';
import type { AppliedConfig } from '../domain/records.ts';
import { workflowIds } from '../workflows/queues.ts';
import { beating } from './beating.ts';
import { isRunning } from './claims.ts';
import type { ControlDeps } from './deps.ts';
import { tell } from './tell-controller.ts';

/** A stretch of the apps of the applied configuration, sorted by name. */
export interface ShardRange {
  readonly offset: number;
  readonly count: number;
}
export interface OpenedLook {
  readonly apps: number;
  readonly shards: readonly ShardRange[];
  /** Why this look only records. */
  readonly recordOnly?: string;
}

/** Signals that go out at the same time. */
const SIGNALS_AT_ONCE = 10;
/** A claim younger than this may belong to a workflow that is just starting. */
const LOST_AFTER_MS = 5_000;

export const lookActivities = (deps: ControlDeps) => ({
  /** Makes the row of a look, or finds it, and cuts the fleet into shards. */
  async openLook({ lookMs }: { lookMs: number }): Promise<OpenedLook> {
    return await beating(() => open(deps, lookMs));
  },

  /** Hands proposals to the controllers that have something to do, names moves that nobody carries on, joins outcomes, closes the look. */
  async sendProposals({ lookMs }: { lookMs: number }): Promise<{ proposals: number; lost: number; outcomes: number }> {
    const { proposals, lost, outcomes } = await beating(async () => ({
      proposals: await deliver(deps),
      lost: await reportLost(deps),
      outcomes: await deps.store.joinOutcomes(deps.clock()),
    }));
    await deps.store.closeLook(lookMs, deps.clock());
    return { proposals, lost, outcomes };
  },
});

async function open(deps: ControlDeps, lookMs: number): Promise<OpenedLook> {
  const applied = await configured(deps.store);
  const nowMs = deps.clock();
  const lateS = (nowMs - lookMs) / 1000;
  const limitS = freshnessS(applied);
  const late = lateS > limitS ? `it began ${lateS.toFixed(0)} s after its time, freshness is ${limitS} s` : undefined;
  const last = await deps.store.lastLook();
  const past = last && last.lookMs > lookMs ? `a later look, of ${new Date(last.lookMs).toISOString()}, came before it` : undefined;
  const recordOnly = late ?? past;
  const { look } = await deps.store.openLook({
    lookMs,
    configVersion: applied.version,
    openedMs: nowMs,
    recordOnly: recordOnly !== undefined,
  });
  const apps = appNames(applied).length;
  const shards = Array.from({ length: Math.ceil(apps / deps.shardSize) }, (_, i) => ({
    offset: i * deps.shardSize,
    count: Math.min(deps.shardSize, apps - i * deps.shardSize),
  }));
  return { apps, shards, ...(look.recordOnly && { recordOnly: recordOnly ?? 'an earlier attempt found it too late' }) };
}

async function deliver({ store, client, clock }: ControlDeps): Promise<number> {
  let sent = 0;
  for (;;) {
    const pending = await store.pendingProposals(clock(), 500);
    if (pending.length === 0) return sent;
    for (let i = 0; i < pending.length; i += SIGNALS_AT_ONCE) {
      const some = pending.slice(i, i + SIGNALS_AT_ONCE);
      await Promise.all(some.map((p) => tell(client, p.app, 'propose', p)));
      await store.acknowledge(some.map((p) => p.decisionId));
      sent += some.length;
    }
  }
}

/** A claim that is open while no workflow runs it: its controller repairs the app. Returns how many there were. */
async function reportLost({ store, client, clock }: ControlDeps): Promise<number> {
  let lost = 0;
  for (const claim of await store.openClaims()) {
    if (clock() - claim.openedMs < LOST_AFTER_MS || (await isRunning(client, claim.workflowId))) continue;
    log.warn('an open claim has no running workflow', { app: claim.app, decisionId: claim.decisionId });
    await tell(client, claim.app, 'moveLost', { decisionId: claim.decisionId });
    lost++;
  }
  return lost + (await reportStrays({ store, client }));
}

/** A controller that is gone may have left behind that its app is moving, while the claim has ended: a new one is told, or every look would wait for it. */
async function reportStrays({ store, client }: Pick<ControlDeps, 'store' | 'client'>): Promise<number> {
  const moving = (await store.controllers()).flatMap(({ app, moving: id }) => (id === undefined ? [] : [{ app, id }]));
  let strays = 0;
  for (const { app, id } of moving) {
    const claim = await store.claim(id);
    if (claim?.end === undefined || (await isRunning(client, workflowIds.controller(app)))) continue;
    await tell(client, app, 'moveLost', { decisionId: id });
    strays++;
  }
  return strays;
}

export async function configured(store: ControlDeps['store']): Promise<AppliedConfig> {
  const applied = await store.config();
  if (!applied) throw ApplicationFailure.nonRetryable('no configuration is applied; run: berth apply berth.yaml', 'NotConfigured');
  return applied;
}

const orders = new WeakMap<AppliedConfig['config'], readonly string[]>();

/**
 * The fleet in the one order that shards are cut from: by the app whose model serves, then by name. Apps of one model lie together, so that a
 * look loads a model once and not once per shard.
 */
export function appNames({ config }: AppliedConfig): readonly string[] {
  const known = orders.get(config);
  if (known) return known;
  const keyed = enabledApps(config).map((app) => ({ app, key: config.apps[app]?.model ?? app }));
  const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  const order = keyed.sort((a, b) => byCode(a.key, b.key) || byCode(a.app, b.app)).map(({ app }) => app);
  orders.set(config, order);
  return order;
}

/** The strictest freshness of any app's policy: a look later than that may act for none. */
function freshnessS({ config }: AppliedConfig): number {
  const used = enabledApps(config).map((app) => config.policies[config.apps[app]?.policy ?? '']?.freshness ?? Infinity);
  return Math.min(...used, 86_400);
}
