import type { Claim } from '../../domain/records.ts';
import type { V1Pod } from '@kubernetes/client-node';

import { isReady } from '../../connectors/kubernetes/workload.ts';
import { faultsOf } from './faulty-api.ts';
import { invariants } from './invariants.ts';
import { killAtEachStep, needsUndo, type KillPoint } from './kills.ts';
import { manyMoves } from './many-moves.ts';
import type { Row } from './row.ts';
import { killInAProfile } from './profile.ts';
import { openScene, REPLICAS, type PlaneAt, type Scene } from './scene.ts';
import { timingRows } from './timing.ts';

export interface ChaosOptions {
  readonly dir: string;
  readonly plane: PlaneAt;
  readonly seed: number;
  /** When the workers are killed, and how often at each. */
  readonly points: readonly KillPoint[];
  readonly kills: number;
  /** Moves under random faults. */
  readonly moves: number;
  readonly say: (line: string) => void;
}

/** Share of the calls on the API server that go wrong. */
const SHARE = 0.1;
const SITE_BUDGET = 12;

/** Moves under faults on a real control plane, and what held. A row that is not ok is a fault of ours. */
export async function runChaos(options: ChaosOptions): Promise<readonly Row[]> {
  const { points, kills, say } = options;
  const sick = kills * points.filter(needsUndo).length;
  const scene = await openScene({ ...options, apps: 24, sick, budgets: { fleet: SITE_BUDGET + 4, site: SITE_BUDGET } });
  const pods = watchPods(scene);
  try {
    const calm = await manyMoves(scene, { moves: scene.apps.length });
    say('killing the workers at each step of the move ...');
    const killed = kills === 0 ? [] : await killAtEachStep(scene, points, kills);
    const profiled = kills === 0 ? [] : [await killInAProfile(scene, scene.apps[0] ?? '')];
    say(`${options.moves} moves while ${SHARE * 100} % of the calls on the API server fail ...`);
    const faulty = await underFaults(scene, options);
    pods.stop();
    const claims = (await scene.up.store.claims({ limit: 100_000 })).filter(({ end }) => end !== 'refused');
    return [
      ...timingRows(calm.moves),
      ...killed,
      ...profiled,
      ...faulty.rows,
      ...(await invariants({ scene, claims, paused: faulty.paused, pods: await pods.seen() })),
      ...allEnded(claims),
    ];
  } finally {
    pods.stop();
    await scene.close();
  }
}

async function underFaults(scene: Scene, { seed, moves }: ChaosOptions) {
  const faults = faultsOf(seed, SHARE);
  scene.proxy.choose = () => faults.next();
  const made = await manyMoves(scene, { moves, pauseS: 3 });
  scene.proxy.choose = () => undefined;
  const count = (end: Claim['end']) => made.moves.filter((claim) => claim.end === end).length;
  const [done, reverted, all] = [count('done'), count('reverted'), made.moves.length];
  const rows: Row[] = [
    {
      fault: `${SHARE * 100} % of the API calls fail, also after the write`,
      how: `proxy: ${faults.injected()} faults`,
      result: `${done + reverted}/${all} done or reverted (${done} done) in ${made.seconds.toFixed(0)} s`,
      ok: done + reverted === all && all >= moves,
    },
  ];
  return { rows, paused: made.paused };
}

/** Every claim ever made, also those that a kill has interrupted. */
function allEnded(claims: readonly Claim[]): readonly Row[] {
  const bad = claims.filter(({ end }) => end !== 'done' && end !== 'reverted');
  return [
    {
      fault: 'every move has one end, done or reverted',
      how: 'records',
      result: `${claims.length - bad.length}/${claims.length}`,
      ok: bad.length === 0,
    },
  ];
}

/** Counts the ready pods of every app again and again, past the proxy. */
function watchPods({ admin, namespace, apps, sick }: Scene) {
  let [fewest, looks, going] = [Infinity, 0, true];
  const watching = (async () => {
    while (going) {
      const pods = await admin.list<V1Pod>(`/api/v1/namespaces/${namespace}/pods`);
      const ready = new Map<string, number>([...apps, ...sick].map((app) => [app, 0]));
      for (const pod of pods) {
        const app = pod.metadata?.labels?.['app'] ?? '';
        if (isReady(pod)) ready.set(app, (ready.get(app) ?? 0) + 1);
      }
      looks += 1;
      fewest = Math.min(fewest, ...ready.values());
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  watching.catch(() => undefined);
  return {
    stop: () => void (going = false),
    async seen() {
      await watching;
      return { fewest, looks, wanted: REPLICAS };
    },
  };
}
