import { asyncLocalStorage, type Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { beforeAll, expect, test } from 'vitest';

import { decisionActivities } from '../../activities/decisions.ts';
import type { PredictionRow } from '../../domain/records.ts';
import { folderBlobs } from '../../connectors/blobs/folder.ts';
import { decodeFrame, encodeFrame } from '../../connectors/file/frame-parquet.ts';
import { sampleConfig } from '../connectors/store/sample-config.ts';
import { T0, withStore } from '../connectors/store/store-fixture.ts';
import { memoryPlatform } from '../workflows/memory-platform.ts';

const policies = { plain: { mode: 'recommend', predictor: 'rule', sustained: { looks: 2, of: 3 } } } as const;
const at = withStore(sampleConfig({ apps: 1, sites: 3, policies, schedules: { look: { every: '10s' } } }));
const { cluster } = memoryPlatform({ sites: ['s0', 's1', 's2'], apps: { a0: 's0' } });

/** The rule's scores of s0, s1 and s2; nothing else is known. */
function scored(...rule: readonly [number, number, number]): PredictionRow {
  return {
    app: 'a0',
    predictor: 'rule',
    sites: ['s0', 's1', 's2'],
    q: new Float32Array(9).fill(NaN),
    rule: Float32Array.from(rule),
    ageS: new Float32Array(3),
    appAgeS: 0,
    complete: Float32Array.of(1, 1, 1),
    appComplete: 1,
    observed: rule[0],
    placed: 's0',
    horizonMs: 30_000,
  };
}

let nowMs = T0;
async function look(seconds: number, prediction: PredictionRow): Promise<{ verdict?: string; to?: string; proposed: number }> {
  const lookMs = T0 + seconds * 1000;
  nowMs = lookMs + 500;
  const { store } = at;
  await store.openLook({ lookMs, configVersion: 1, openedMs: nowMs, recordOnly: false });
  await store.writePredictions(lookMs, [prediction]);
  const frames = { encode: encodeFrame, decode: decodeFrame };
  const never = new Proxy({} as Client, { get: () => expect.unreachable('a fixed interval asks no Temporal') });
  const notifier = { send: () => expect.unreachable('a decision tells nobody outside') };
  const deps = { store, cluster, client: never, blobs: folderBlobs('/nowhere'), frames, notifier, clock: () => nowMs, shardSize: 1 };
  // All that the activity wants of its worker is to be seen alive.
  await asyncLocalStorage.run({ heartbeat: () => undefined } as Context, () => decisionActivities(deps).decideFleet({ lookMs }));
  const [decision] = await store.decisions({ fromMs: lookMs, toMs: lookMs, limit: 1 });
  const proposals = (await store.pendingProposals(nowMs, 100)).filter((p) => p.decisionId === `a0-${lookMs}`);
  return {
    ...(decision && { verdict: decision.verdict }),
    ...(decision?.to !== undefined && { to: decision.to }),
    proposed: proposals.length,
  };
}

const looks: Awaited<ReturnType<typeof look>>[] = [];
beforeAll(async () => {
  // The first look has none before it, and holds for that.
  await look(-10, scored(0.2, 0.9, 0.1));
  for (let i = 0; i < 4; i++) looks.push(await look(10 * i, scored(0.2, 0.9, 0.1)));
  for (let i = 4; i < 7; i++) looks.push(await look(10 * i, scored(0.2, 0.1, 0.9)));
});

test('a recommendation is proposed when it is sustained, and not again while it stands', () => {
  expect(looks.slice(0, 4)).toEqual([
    { verdict: 'stay', to: 's1', proposed: 0 },
    { verdict: 'recommend', to: 's1', proposed: 1 },
    { verdict: 'recommend', to: 's1', proposed: 0 },
    { verdict: 'recommend', to: 's1', proposed: 0 },
  ]);
});

test('a recommendation of another site is proposed', () => {
  expect(looks.slice(4)).toEqual([
    { verdict: 'stay', to: 's2', proposed: 0 },
    { verdict: 'recommend', to: 's2', proposed: 1 },
    { verdict: 'recommend', to: 's2', proposed: 0 },
  ]);
});
