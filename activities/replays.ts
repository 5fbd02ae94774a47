import { ApplicationFailure, cancellationSignal } from '@temporalio/activity';

import { type Policy, policySchema } from '../domain/config.ts';
import type { ReplayInput, ReplayOutcome } from '../workflows/replay-decisions.ts';
import { beating } from './beating.ts';
import type { ControlDeps } from './deps.ts';
import { replayPeriod } from './replay-period.ts';

export const replayActivities = ({ store, blobs }: Pick<ControlDeps, 'store' | 'blobs'>) => ({
  /** Decides a period of the records again; the full result goes into a blob, because it grows with the period. */
  async replayLooks({ from, to, app, policy: digest }: ReplayInput): Promise<ReplayOutcome> {
    return await beating(async () => {
      const policy = digest === undefined ? undefined : await policyOf(blobs, digest);
      const period = { fromMs: Date.parse(from), toMs: Date.parse(to), ...(app !== undefined && { app }), ...(policy && { policy }) };
      const result = await replayPeriod(store, period, () => cancellationSignal().throwIfAborted());
      const { changes, ...summary } = result;
      void changes;
      return { ...summary, report: await blobs.put(Buffer.from(JSON.stringify(result))) };
    });
  },
});

async function policyOf(blobs: ControlDeps['blobs'], digest: string): Promise<Policy> {
  const parsed = policySchema.safeParse(JSON.parse(Buffer.from(await blobs.get(digest)).toString('utf8')));
  if (parsed.success) return parsed.data;
  const why = parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; ');
  throw ApplicationFailure.nonRetryable(`the blob ${digest} is no policy: ${why}`, 'BadInput');
}
