import { summariseDecision } from '../domain/explain.ts';
import type { AppliedConfig, Claim } from '../domain/records.ts';
import { nextOpeningMs, windowAt } from '../domain/windows.ts';
import type { ControlDeps } from './deps.ts';
import { intervalOf } from './look-interval.ts';

export interface Way {
  readonly app: string;
  readonly from: string;
  readonly to: string;
}
export type ApprovalCheck =
  | { readonly ok: true; readonly gain: number; readonly expiresMs: number }
  /** `opensMs`: all that is in the way is the time window. */
  | { readonly ok: false; readonly why: string; readonly opensMs?: number };

/** Moves of an app that its cost is measured by. */
const MOVES = 20;

export const approvalActivities = (deps: ControlDeps) => ({
  /** Median seconds from the change of a move until the app served from its new site, over its last moves; absent = never measured. */
  async measuredMove({ app }: { app: string }): Promise<{ seconds?: number }> {
    const took = (await deps.store.claims({ app, limit: MOVES })).flatMap(secondsOf).sort((a, b) => a - b);
    const seconds = took[Math.floor(took.length / 2)];
    return seconds === undefined ? {} : { seconds };
  },

  /** Would the newest look, on fresh data, still want this very move, and can it be made now? */
  async recheckApproval(way: Way): Promise<ApprovalCheck> {
    const applied = await deps.store.config();
    const policy = applied?.config.policies[applied.config.apps[way.app]?.policy ?? ''];
    if (!applied || !policy) return { ok: false, why: `app ${way.app} is not in the configuration in force` };
    if (policy.mode === 'recommend') return { ok: false, why: 'the mode of this app has become recommend' };
    if (!windowAt(policy.windows, deps.clock()).open) {
      const opensMs = nextOpeningMs(policy.windows, deps.clock());
      return { ok: false, why: 'it is outside the time windows of its policy', ...(opensMs !== undefined && { opensMs }) };
    }
    const wanted = await stillWanted(deps, applied, { ...way, freshness: policy.freshness });
    if (!wanted.ok) return wanted;
    const why = await impossible(deps, way);
    return why === undefined ? wanted : { ok: false, why };
  },
});

function secondsOf({ end, phases }: Claim): number[] {
  const applied = phases.find((p) => p.phase === 'apply');
  const serves = phases.find((p) => p.phase === 'verify');
  return end === 'done' && applied && serves ? [(serves.atMs - applied.atMs) / 1000] : [];
}

async function stillWanted(
  { store, client, clock }: ControlDeps,
  applied: AppliedConfig,
  { app, from, to, freshness }: Way & { freshness: number },
): Promise<ApprovalCheck> {
  const [newest] = await store.decisions({ app, limit: 1 });
  if (!newest) return { ok: false, why: 'no look has decided about this app' };
  const nowMs = clock();
  const ageS = (nowMs - newest.lookMs) / 1000;
  // Two looks may miss their time; what is older than that, and than the policy's freshness, is no evidence of how things are.
  const limitS = Math.max(freshness, 2 * (await intervalOf(client, applied)));
  if (ageS > limitS) return { ok: false, why: `the newest look is ${ageS.toFixed(0)} s old, at most ${limitS} s are taken` };
  const proposes = newest.verdict === 'move' || (newest.verdict === 'recommend' && newest.reason === 'approval');
  if (!proposes) return { ok: false, why: `the newest look no longer wants it: ${summariseDecision(newest)}` };
  if (newest.from !== from || newest.to !== to)
    return { ok: false, why: `the newest look wants to move it from ${newest.from ?? 'nowhere'} to ${newest.to ?? 'nowhere'} instead` };
  return { ok: true, gain: newest.gain ?? 0, expiresMs: nowMs + freshness * 1000 };
}

async function impossible({ cluster }: Pick<ControlDeps, 'cluster'>, { app, from, to }: Way): Promise<string | undefined> {
  const placement = (await cluster.placements([app])).find((p) => p.app === app);
  if (placement?.site === undefined) return 'where the app runs could not be told';
  if (placement.site !== from) return `the app is on ${placement.site}, not on ${from}`;
  if (placement.busy !== undefined) return `the workload is busy: ${placement.busy}`;
  const refusal = (await cluster.feasibility([app])).find((r) => r.app === app && r.site === to);
  return refusal && `${to} cannot take it: ${refusal.refusal}`;
}
