import { asyncLocalStorage, type Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { noticeActivities } from '../../activities/notices.ts';
import { folderBlobs } from '../../connectors/blobs/folder.ts';
import { decodeFrame, encodeFrame } from '../../connectors/file/frame-parquet.ts';
import { webhooks } from '../../connectors/webhook/webhooks.ts';
import { configSchema } from '../../domain/config.ts';
import { sampleConfig } from '../connectors/store/sample-config.ts';
import { T0, withStore } from '../connectors/store/store-fixture.ts';
import { receiver, SECRET } from '../contracts/notifier.ts';
import { memoryPlatform } from '../workflows/memory-platform.ts';

const at = withStore();
const { cluster } = memoryPlatform({ sites: ['s0'], apps: { a0: 's0' } });
const [ops, pager] = [receiver(), receiver()];
beforeAll(async () => {
  await ops.start();
  await pager.start();
  const config = sampleConfig();
  const hook = ({ port }: { port: number }) => ({ url: `http://localhost:${port}/`, secret: { env: 'HOOK_SECRET' } });
  await at.store.applyConfig(
    configSchema.parse({ ...config, notifications: { receivers: { ops: hook(ops), pager: hook(pager) } } }),
    'test',
    T0,
  );
});
afterAll(async () => {
  await ops.stop();
  await pager.stop();
});

const never = new Proxy({} as Client, { get: () => expect.unreachable('nobody in Temporal is asked') });
let nowMs = T0;
const deliver = async () => {
  const clock = () => nowMs;
  const frames = { encode: encodeFrame, decode: decodeFrame };
  const notifier = webhooks({ environment: { HOOK_SECRET: SECRET }, clock });
  const deps = { store: at.store, cluster, client: never, blobs: folderBlobs('/nowhere'), frames, notifier, clock, shardSize: 1 };
  // All that the activity wants of its worker is to be seen alive and to be heard.
  const context = { heartbeat: () => undefined, log: { warn: () => undefined } } as unknown as Context;
  return await asyncLocalStorage.run(context, () => noticeActivities(deps).deliverNotices({}));
};
const keys = (of: typeof ops) => of.got.map(({ headers }) => headers['webhook-id']);

test('a receiver that is down for an hour gets every event once it is up, once, under its key; the other one does not wait', async () => {
  const ids = Array.from({ length: 130 }, (_, i) => `recommend/a0-${String(i).padStart(3, '0')}`);
  await at.store.enqueue(ids.map((id) => ({ id, kind: 'recommend' as const, app: 'a0', atMs: T0, data: {} })));
  const { port } = ops;
  await ops.stop();
  let tries = 0;
  for (; nowMs < T0 + 3_600_000; nowMs += 15_000) tries += (await deliver()).failed;
  expect(keys(pager)).toEqual(ids);
  expect(tries).toBeGreaterThan(100);
  expect(await at.store.undelivered()).toMatchObject({ count: 130, failure: 'ops: ECONNREFUSED' });

  await ops.start(port);
  // The longest wait between two tries of one event is five minutes.
  for (const end = nowMs + 300_000; nowMs <= end; nowMs += 15_000) await deliver();
  expect(keys(ops).sort()).toEqual(ids);
  expect(await at.store.undelivered()).toEqual({ count: 0 });
  expect(await deliver()).toEqual({ delivered: 0, failed: 0 });
});

test('an event that its receiver refuses holds up none of the others', async () => {
  pager.got.length = 0;
  pager.status = 400;
  await at.store.enqueue([{ id: 'poison', kind: 'drift', atMs: nowMs, data: {} }]);
  expect(await deliver()).toMatchObject({ failed: 1 });
  pager.status = 204;
  await at.store.enqueue([{ id: 'next', kind: 'drift', atMs: nowMs, data: {} }]);
  await deliver();
  expect(keys(pager)).toEqual(['poison', 'next']);
});
