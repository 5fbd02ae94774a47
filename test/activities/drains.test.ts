import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';

import type { ControlDeps } from '../../activities/deps.ts';
import { drainActivities, type DrainAsk } from '../../activities/drains.ts';
import { sampleConfig } from '../connectors/store/sample-config.ts';
import { T0, withStore } from '../connectors/store/store-fixture.ts';
import { memoryPlatform } from '../workflows/memory-platform.ts';

const at = withStore(sampleConfig({ apps: 2, sites: 3 }));
const ask: DrainAsk = { site: 's0', undo: false, by: 'ann', reason: 'disks', startedMs: T0, ask: false, unanswered: [] };
const claim = { reason: 'disks', by: 'ann', workflowId: 'w', nowMs: T0 + 1 } as const;

async function step(where: Record<string, string>, how: Partial<DrainAsk> = {}) {
  const { cluster } = memoryPlatform({ sites: ['s0', 's1', 's2'], apps: where });
  const client = new Proxy({} as Client, { get: () => expect.unreachable('nobody is asked') });
  const deps = { store: at.store, cluster, client, clock: () => T0 + 2 } as unknown as ControlDeps;
  return await drainActivities(deps).drainStep({ ...ask, ...how });
}

test('an app that has left while its move is still watched is on the way: the move may be undone', async () => {
  await at.store.claimMove({ ...claim, decisionId: 'd1', app: 'a0', from: 's0', to: 's1', origin: 'drain' });
  await at.store.claimMove({ ...claim, decisionId: 'd2', app: 'a1', from: 's0', to: 's2', origin: 'look' });
  expect(await step({ a0: 's1', a1: 's2' })).toMatchObject({
    left: 0,
    moving: [
      { app: 'a0', to: 's1' },
      { app: 'a1', to: 's2' },
    ],
  });
  for (const id of ['d1', 'd2']) await at.store.endClaim(id, { end: 'done', atMs: T0 + 2 });
  expect(await step({ a0: 's1', a1: 's2' })).toMatchObject({ left: 0, moving: [], moved: [{ app: 'a0', to: 's1' }] });
});

test('so is one on its way back, and only what the drain moved comes back', async () => {
  expect(await step({ a0: 's1', a1: 's2' }, { undo: true })).toMatchObject({ left: 1, moving: [] });
  await at.store.claimMove({ ...claim, decisionId: 'd3', app: 'a0', from: 's1', to: 's0', origin: 'drain', nowMs: T0 + 3 });
  expect(await step({ a0: 's0', a1: 's2' }, { undo: true })).toMatchObject({ left: 0, moving: [{ app: 'a0', to: 's0' }] });
  await at.store.endClaim('d3', { end: 'done', atMs: T0 + 4 });
  expect(await step({ a0: 's0', a1: 's2' }, { undo: true })).toMatchObject({ left: 0, moving: [] });
});

test('an app that is about to leave is on the way, too, when all is to come back', async () => {
  await at.store.claimMove({ ...claim, decisionId: 'd4', app: 'a0', from: 's0', to: 's1', origin: 'drain', nowMs: T0 + 5 });
  expect(await step({ a0: 's0', a1: 's2' }, { undo: true })).toMatchObject({ left: 0, moving: [{ app: 'a0', to: 's1' }] });
});

test('who was asked is waited for until its move is seen or the question has run out', async () => {
  const [a0, a1] = ['a0', 'a1'].map((app) => ({ app, askedMs: T0 + 4, untilMs: T0 + 60_000 }));
  const old = { app: 'a2', askedMs: T0, untilMs: T0 + 2 };
  expect(await step({ a0: 's0', a1: 's0' }, { unanswered: [a0, a1, old].flatMap((one) => one ?? []) })).toMatchObject({ unanswered: [a1] });
});
