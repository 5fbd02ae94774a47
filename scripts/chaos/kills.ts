import type { Claim } from '../../domain/records.ts';
import type { Fault } from '../kubernetes/fault-proxy.ts';
import { beginOfMove, endOfMove, override, release, until } from './moves.ts';
import type { Row } from './row.ts';
import { otherSite, type Scene } from './scene.ts';

/** When the worker is killed: as soon as the store has a phase, or when a write reaches the API server or has been carried out there. */
export type KillPoint =
  | { readonly at: string; readonly phase: string }
  | { readonly at: string; readonly write: 'dry run' | 'change' | 'undo'; readonly when: 'before' | 'after' }
  | { readonly at: string; readonly ended: true };

/** Before and after each step of a move, and of its undo. */
export const KILL_POINTS: readonly KillPoint[] = [
  { at: 'claimed, before the re-check', phase: 'claimed' },
  { at: 'in the re-check', phase: 'recheck' },
  { at: 'before the snapshot', phase: 'snapshot' },
  { at: 'after the snapshot', phase: 'dry-run' },
  { at: 'before the dry run', write: 'dry run', when: 'before' },
  { at: 'after the dry run', write: 'dry run', when: 'after' },
  { at: 'before the change', write: 'change', when: 'before' },
  { at: 'after the change', write: 'change', when: 'after' },
  { at: 'waiting until it is ready', phase: 'ready' },
  { at: 'after the soak', phase: 'verify' },
  { at: 'after its end', ended: true },
  { at: 'before the undo', write: 'undo', when: 'before' },
  { at: 'after the undo', write: 'undo', when: 'after' },
];

/** The later point of each step. */
export const ONE_PER_STEP = KILL_POINTS.filter(({ at }) => !at.startsWith('before '));

/** Only an app that cannot start on its target is undone. */
export const needsUndo = (point: KillPoint) => 'write' in point && point.write === 'undo';

function missing(): never {
  throw new Error('the scene has too few apps for so many kills');
}

interface Killed {
  readonly point: KillPoint;
  readonly end: Promise<Claim>;
}

/** Kills the process of all three workers by SIGKILL once per point, while earlier victims still recover, and waits for every move to end. */
export async function killAtEachStep(scene: Scene, points: readonly KillPoint[], rounds: number): Promise<readonly Row[]> {
  const killed: Killed[] = [];
  // One that was undone is left alone for longer each time.
  const sick = [...scene.sick];
  for (let round = 0; round < rounds; round++) {
    const here: Promise<unknown>[] = [];
    for (const [index, point] of points.entries()) {
      const app = needsUndo(point) ? sick.pop() : scene.apps[index % scene.apps.length];
      const { end, rest } = await killAt(scene, point, app ?? missing());
      killed.push({ point, end });
      here.push(rest);
    }
    await Promise.all(here);
  }
  return await Promise.all(
    points.map(async (point) => {
      const ends = await Promise.all(killed.filter((one) => one.point === point).map(({ end }) => end));
      const well = ends.filter(({ end }) => end === 'done' || end === 'reverted').length;
      return {
        fault: `kill -9 ${point.at}`,
        how: 'SIGKILL of the workers',
        result: `${well}/${ends.length} done or reverted`,
        ok: well === ends.length && ends.length === rounds,
      };
    }),
  );
}

/** Returns when the worker is dead and another runs; `end` is the move's, `rest` when nothing of the app is under way any more. */
async function killAt(scene: Scene, point: KillPoint, app: string): Promise<{ end: Promise<Claim>; rest: Promise<void> }> {
  const { up, proxy, namespace } = scene;
  const victim = up.workers.pid();
  if (victim === undefined) throw new Error('no worker runs');
  let dead = false;
  const kill = () => {
    if (!dead) process.kill(victim, 'SIGKILL');
    dead = true;
  };
  if ('write' in point) {
    const fault: Fault = point.when === 'before' ? { kind: 'reset-before' } : { kind: 'reset-after', meanwhile: kill };
    proxy.choose = (method, path, body) => {
      if (
        dead ||
        method !== 'PATCH' ||
        !path.includes(`/namespaces/${namespace}/deployments/${app}?`) ||
        kindOf(path, body) !== point.write
      )
        return undefined;
      if (point.when === 'before') kill();
      return fault;
    };
  }
  const sinceMs = Date.now();
  const to = otherSite(await siteOf(scene, app));
  await override(scene, app, to);
  if ('phase' in point) {
    const begun = await beginOfMove(scene, app, sinceMs);
    await until(`${app} is in phase ${point.phase}`, () => inPhase(scene, begun.decisionId, point.phase), 5);
    kill();
  } else if ('ended' in point) {
    await until(`the move of ${app} ends`, () => endOfMove(scene, app, { sinceMs, to }), 5);
    kill();
  } else await until(`the worker dies ${point.at}`, async () => dead, 20);
  await until('another worker', async () => up.workers.pid() !== undefined && up.workers.pid() !== victim && (await isReady(scene)));
  proxy.choose = () => undefined;
  const end = endOfMove(scene, app, { sinceMs, to });
  return { end, rest: end.then(() => release(scene, app)) };
}

async function inPhase({ up }: Scene, decisionId: string, phase: string): Promise<boolean> {
  const claim = await up.store.claim(decisionId);
  return phase === 'claimed' || claim?.end !== undefined || (claim?.phases.some((p) => p.phase === phase) ?? false);
}

/** A write without the decision's change to come is a dry run; an undo says so in its decision. */
function kindOf(path: string, body: string): 'dry run' | 'change' | 'undo' {
  if (path.includes('dryRun=All')) return 'dry run';
  return body.includes('/undo"') && /"berth\/decision":"[^"]*\/undo"/.test(body) ? 'undo' : 'change';
}

/** Where its pods are, past the proxy. */
export async function siteOf({ admin, namespace }: Scene, app: string): Promise<string> {
  const pods = await admin.list<{
    spec?: { nodeName?: string };
    metadata?: { labels?: Record<string, string>; deletionTimestamp?: string };
  }>(`/api/v1/namespaces/${namespace}/pods`, { labelSelector: `app=${app}` });
  return pods.find(({ metadata }) => metadata?.deletionTimestamp === undefined)?.spec?.nodeName === `${namespace}-right` ? 'right' : 'left';
}

const isReady = ({ up }: Scene) =>
  fetch(`${up.endpoints.healthUrl ?? ''}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
