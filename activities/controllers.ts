import { ApplicationFailure, log } from '@temporalio/activity';

import { isEnabled } from '../domain/enabled.ts';
import { summariseDecision } from '../domain/explain.ts';
import type { ControllerRow, FleetRow } from '../domain/records.ts';
import type { AppView } from '../workflows/controller-details.ts';
import type { AppFacts } from '../workflows/controller-state.ts';
import type { ControlDeps } from './deps.ts';

const UNKNOWN: AppFacts = {
  known: false,
  sites: [],
  mode: 'recommend',
  onPause: 'finish',
  cooldown: { initial: 60, factor: 2, max: 3600, reset: 7200 },
  quarantineS: 600,
  quarantineMaxS: 86_400,
  approvalExpiresS: 86_400,
  approvalAgainS: 3600,
  times: { readyDeadlineS: 300, stableS: 5, soakS: 30, tolerance: 0.1, revertDeadlineS: 600 },
};

/** What controllers and the watch over the fleet read and mirror. */
export const controllerActivities = ({ store, cluster }: Pick<ControlDeps, 'store' | 'cluster'>) => ({
  /** The facts of an app in the applied configuration, and what an earlier controller of it had mirrored. */
  async loadApp({ app }: { app: string }): Promise<{ facts: AppFacts; mirror?: ControllerRow }> {
    const applied = await store.config();
    const spec = applied?.config.apps[app];
    const policy = spec && applied.config.policies[spec.policy];
    if (!applied || !spec || !policy) return { facts: UNKNOWN };
    const mirror = await store.controller(app);
    const facts: AppFacts = {
      known: true,
      ...(!isEnabled(applied.config, app) && { off: true as const }),
      sites: spec.sites ?? Object.keys(applied.config.sites),
      mode: policy.mode,
      onPause: policy.onPause,
      cooldown: policy.cooldown,
      quarantineS: policy.quarantine,
      quarantineMaxS: policy.quarantineMax,
      approvalExpiresS: policy.approval.expires,
      approvalAgainS: policy.approval.again,
      times: {
        readyDeadlineS: policy.ready.deadline,
        stableS: policy.ready.stable,
        soakS: policy.verify.soak,
        tolerance: policy.verify.tolerance,
        revertDeadlineS: Math.max(60, 2 * policy.ready.deadline),
      },
    };
    return { facts, ...(mirror && { mirror }) };
  },

  async mirrorController(row: ControllerRow): Promise<void> {
    await store.mirrorController(row);
  },

  async mirrorFleet(row: FleetRow): Promise<void> {
    await store.mirrorFleet(row);
  },

  async loadFleet(_: object): Promise<FleetRow | undefined> {
    return await store.fleet();
  },

  /** The newest look and the last five decisions of an app, in sentences; below 8 KiB. A mirror that comes along is written first. */
  async readAppView({ app, mirror }: { app: string; mirror?: ControllerRow }): Promise<AppView> {
    if (mirror) await store.mirrorController(mirror);
    const [applied, decisions, placed, champion] = await Promise.all([
      store.config(),
      store.decisions({ app, limit: 5 }),
      whereabouts(cluster, app),
      modelOf(store, app),
    ]);
    if (!applied) throw ApplicationFailure.nonRetryable('no configuration is applied', 'NotConfigured');
    const newest = decisions[0];
    return {
      ...(placed !== undefined && { placed }),
      ...(champion && { model: `${champion.key}@${champion.version} (${champion.servedBy})` }),
      ...(newest && { lookMs: newest.lookMs, horizonS: newest.horizonS }),
      sites: (newest?.candidates ?? []).slice(0, 50).map((c) => ({
        site: c.site,
        ...(c.qos && { predicted: c.qos.p50 }),
        // The rule's score of the present site is what was observed there.
        ...(c.current && c.rule !== undefined && { observed: c.rule }),
        ...(c.refusal !== undefined && { refusal: c.refusal.slice(0, 100) }),
      })),
      decisions: decisions.map(summariseDecision),
    };
  },
});

async function modelOf(store: ControlDeps['store'], app: string) {
  const applied = await store.config();
  return await store.alias(applied?.config.apps[app]?.model ?? app, 'champion');
}

/** Where an app is; undefined when the cluster does not answer, because a controller must go on without it. */
async function whereabouts(cluster: ControlDeps['cluster'], app: string): Promise<string | undefined> {
  try {
    return (await cluster.placements([app])).find((p) => p.app === app)?.site;
  } catch (error) {
    log.warn('the cluster does not say where an app is', { app, error });
    return undefined;
  }
}
