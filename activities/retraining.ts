import { NOTICE_MAX, type Notice } from '../domain/notice.ts';
import type { DriftRow } from '../domain/records.ts';
import type { ControlDeps } from './deps.ts';
import { intervalOf } from './look-interval.ts';
import { configured } from './looks.ts';
import { modelKeys } from './schedules.ts';

/** Keys that one activity looks at. */
const BATCH = 20;

export interface DriftPlan {
  readonly batches: readonly (readonly string[])[];
  /** Seconds between looks. */
  readonly intervalS: number;
}

export const retrainingActivities = ({ store, client, clock }: Pick<ControlDeps, 'store' | 'client' | 'clock'>) => ({
  async planDriftCheck(_: object): Promise<DriftPlan> {
    const applied = await configured(store);
    const keys = modelKeys(applied.config);
    const batches = Array.from({ length: Math.ceil(keys.length / BATCH) }, (_batch, i) => keys.slice(i * BATCH, (i + 1) * BATCH));
    return { batches, intervalS: await intervalOf(client, applied) };
  },

  /** Tells people of drifts, each once, and returns the keys to train: those of which nothing was asked lately. */
  async askTraining({ found }: { found: readonly DriftRow[] }): Promise<{ train: readonly string[] }> {
    const { drift } = (await configured(store)).config;
    await store.enqueue(found.map(noticeOf));
    const train: string[] = [];
    if (drift.retrain === 'auto')
      for (const { key, why } of found)
        if (await store.claimRetrain({ key, why, nowMs: clock(), everyMs: drift.rest * 1000 })) train.push(key);
    return { train };
  },
});

function noticeOf({ key, version, app, kind, name, sinceMs, atMs, why }: DriftRow): Notice {
  const data = { key, version, what: kind, name, sinceMs, why: why.slice(0, NOTICE_MAX / 8) };
  return { id: `drift/${key}/${version}/${app}/${kind}/${name}/${sinceMs}`, kind: 'drift', app, atMs, data };
}
