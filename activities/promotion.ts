import type { ControlDeps } from './deps.ts';

export const promotionActivities = ({ store, clock }: Pick<ControlDeps, 'store' | 'clock'>) => ({
  /** Makes a checked version the champion; the champion before it becomes `previous`. A version that already serves is left alone. */
  async promoteVersion(input: { key: string; version: number; by: string; why: string }): Promise<{ promoted: boolean; why: string }> {
    const champion = await store.alias(input.key, 'champion');
    if (champion?.version === input.version) return { promoted: true, why: 'it already serves' };
    await store.setAlias({
      key: input.key,
      alias: 'champion',
      version: input.version,
      by: input.by,
      why: input.why.slice(0, 1000),
      atMs: clock(),
    });
    return { promoted: true, why: input.why };
  },
});
