import { ApplicationFailure } from '@temporalio/activity';

import type { ControlDeps } from './deps.ts';

interface Said {
  readonly key: string;
  readonly version: number;
  readonly by: string;
  readonly why: string;
}

/** The history keeps a sentence or two, not a report. */
const short = (text: string): string => text.slice(0, 1000);

export const promotionActivities = ({ store, clock }: Pick<ControlDeps, 'store' | 'clock'>) => ({
  /** Makes a checked version the champion; the champion before it becomes `previous`. A version that already serves is left alone. */
  async promoteVersion({ key, version, by, why }: Said): Promise<{ promoted: boolean; why: string }> {
    const champion = await store.alias(key, 'champion');
    if (champion?.version === version) return { promoted: true, why: 'it already serves' };
    await store.setAlias({ key, alias: 'champion', version, by, why: short(why), atMs: clock() });
    return { promoted: true, why };
  },

  /** Writes down that a version does not serve, and why: nobody found it good enough, or somebody turned it down. */
  async keepVersion({ key, version, by, why, what }: Said & { what: 'kept' | 'rejected' }): Promise<void> {
    const [last] = await store.aliasHistory(key);
    // A second attempt of this activity.
    if (last?.alias === what && last.version === version && last.by === by && last.why === short(why)) return;
    await store.noteVersion({ key, version, what, by, why: short(why), atMs: clock() });
  },

  /** Puts back what served before. The version that is taken away does not return by itself. Looks that have begun finish with it. */
  async rollbackModel({ key, by, reason, from }: { key: string; by: string; reason: string; from?: number }): Promise<{
    from: number;
    to: number;
  }> {
    const [champion, previous] = [await store.alias(key, 'champion'), await store.alias(key, 'previous')];
    // Named on the first attempt, so that a second one does not roll back the rollback.
    if (from !== undefined && previous?.version === from && champion && champion.version !== from) return { from, to: champion.version };
    if (!champion) throw ApplicationFailure.nonRetryable(`no model of ${key} serves`, 'BadInput');
    if (!previous) throw ApplicationFailure.nonRetryable(`nothing served ${key} before version ${champion.version}`, 'BadInput');
    await store.noteVersion({ key, version: champion.version, what: 'rejected', by, why: short(reason), atMs: clock() });
    await store.setAlias({ key, alias: 'champion', version: previous.version, by, why: short(`rollback: ${reason}`), atMs: clock() });
    return { from: champion.version, to: previous.version };
  },

  async servingVersion({ key }: { key: string }): Promise<{ version?: number }> {
    const champion = await store.alias(key, 'champion');
    return champion ? { version: champion.version } : {};
  },
});
