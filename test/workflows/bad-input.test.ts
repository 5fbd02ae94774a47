import { randomUUID } from 'node:crypto';
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { describe, expect, test } from 'vitest';

import { QUEUE } from '../../workflows/queues.ts';
import { atRest, eventsOf, eventTypesOf } from './histories.ts';
import { withWorld } from './environment.ts';
import { stateWhen } from './moves.ts';

const world = withWorld();

const deep = (): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < 500; i++) value = [value];
  return value;
};
const good = { by: 'ann', reason: 'deploy' };
const strange: readonly unknown[] = [
  undefined,
  null,
  {},
  [],
  '',
  'pause',
  'x'.repeat(1_000_000),
  7,
  true,
  JSON.parse('{"__proto__":{"by":"ann"}}'),
  { by: deep(), reason: 'x' },
  [good],
];
const badMessages: readonly unknown[] = [
  ...strange,
  { by: 'ann' },
  { reason: 'deploy' },
  { by: '', reason: 'x' },
  { by: 'ann', reason: 5 },
  { by: 'x'.repeat(101), reason: 'x' },
  { by: 'ann', reason: 'x'.repeat(1001) },
  { ...good, forS: -5 },
  { ...good, forS: 0 },
  { ...good, forS: 'NaN' },
  { ...good, forS: 1e12 },
  { ...good, until: 'tomorrow' },
  { ...good, until: '2020-01-01T00:00:00Z' },
  { ...good, until: '2099-01-01T00:00:00Z', forS: 5 },
  { ...good, id: 7 },
  { ...good, hurry: true },
  { ...good, toString: 1 },
];
const badSites: readonly unknown[] = [
  good,
  { ...good, site: 'mars' },
  { ...good, site: '../etc' },
  { ...good, site: 'S0' },
  { ...good, site: null },
];
const badProposals: readonly unknown[] = [
  ...strange,
  { decisionId: 'd' },
  { decisionId: 'd', app: 'a0', from: 's0', to: 's1', gain: 'NaN', verdict: 'move', expiresMs: 1, reason: 'x' },
];

/** A controller that does not continue as new for a while, so that one history shows everything. */
const begin = async (app: string) => {
  const handle = await world.client.workflow.start('placementController', {
    workflowId: `app/${app}`,
    taskQueue: QUEUE.control,
    args: [{ app, maxEvents: 20_000 }],
  });
  await stateWhen(world, app, 'it knows its app', (s) => s.facts !== undefined && !s.stale);
  return handle;
};

describe('a controller', () => {
  test('counts and shows bad signals of every kind, does nothing about them, and no workflow task fails', async () => {
    const handle = await begin('a0');
    const before = { ...(await stateWhen(world, 'a0', 'it is there', () => true)) };
    let sent = 0;
    const send = async (name: string, message: unknown) => {
      await handle.signal(name, ...(message === undefined ? [] : [message]));
      sent++;
    };
    for (const message of badMessages) await send('pause', message);
    for (const message of badSites) await send('override', message);
    for (const message of badSites) await send('exclude', message);
    for (const message of badProposals) await send('propose', message);
    for (const message of strange) await send('moveEnded', message);
    for (const message of strange) await send('moveLost', message);
    await send('no-such-signal', good);
    await send('__proto__', good);
    const after = await stateWhen(world, 'a0', 'every one is counted', (s) => s.ignored === sent);
    expect(after).toMatchObject({ seq: before.seq, excluded: [], seen: [] });
    expect(after.paused ?? after.override ?? after.held ?? after.waiting).toBeUndefined();
    expect(after.lastIgnored).toBe('__proto__: no such signal');
    await handle.signal('pause', good);
    await stateWhen(world, 'a0', 'it still listens', (s) => s.paused !== undefined);
    expect((await eventTypesOf(handle)).filter((type) => type.includes('FAILED'))).toEqual([]);
  });

  test('rejects bad updates with a line that names the field, and its history does not grow', async () => {
    const handle = await begin('a1');
    await atRest(handle);
    const before = await eventsOf(handle);
    const tries = [
      ...badMessages.map((m) => ['pause', m] as const),
      ...badSites.map((m) => ['override', m] as const),
      ...strange.map((m) => ['resume', m] as const),
    ];
    for (const [name, message] of tries) {
      const error: unknown = await handle.executeUpdate(name, { args: [message] }).catch((e: unknown) => e);
      expect(error, JSON.stringify(message)?.slice(0, 80)).toBeInstanceOf(WorkflowUpdateFailedError);
      const why = (error as Error).cause instanceof Error ? ((error as Error).cause as Error).message : '';
      expect(why).toMatch(/^[^\n]{5,300}$/);
    }
    const unknown: unknown = await handle.executeUpdate('no-such-update', { args: [good] }).catch((e: unknown) => e);
    expect(unknown).toBeInstanceOf(WorkflowUpdateFailedError);
    await atRest(handle);
    expect(await eventsOf(handle)).toBe(before);
  });

  test.each([
    ['text that is no JSON', 'a2', 'json/plain', '{"by": nonsense'],
    ['10,000 brackets', 'a4', 'json/plain', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
    ['an encoding that nobody knows', 'a5', 'binary/encrypted', '???'],
    ['nothing at all', 'a6', 'json/plain', ''],
  ])('takes %s for a bad message', async (_, app, encoding, data) => {
    const handle = await begin(app);
    const payload = { metadata: { encoding: Buffer.from(encoding) }, data: Buffer.from(data) };
    await world.client.workflowService.signalWorkflowExecution({
      namespace: world.namespace,
      workflowExecution: { workflowId: `app/${app}` },
      signalName: 'pause',
      input: { payloads: [payload] },
      requestId: randomUUID(),
    });
    await stateWhen(world, app, 'it is counted', (s) => s.ignored === 1);
    expect((await eventTypesOf(handle)).filter((type) => type.includes('FAILED'))).toEqual([]);
  });
});

const innermost = (error: unknown): unknown => (error instanceof Error && error.cause instanceof Error ? innermost(error.cause) : error);

const inputs: readonly unknown[] = [
  undefined,
  null,
  'shop',
  7,
  [],
  {},
  { app: 5 },
  { app: 'a3', strange: 1 },
  { schema: 1 },
  { schema: 1, app: 'a3' },
];
const types: readonly (readonly [string, readonly unknown[]])[] = [
  ['placementController', [...inputs, { app: 'a3', maxEvents: 1 }, { app: 'a3', maxEvents: 'NaN' }]],
  [
    'migrateApp',
    [...inputs, { decisionId: 'd', app: 'a3', from: 's0', to: 's1', origin: 'look', reason: 'x', by: 'y', expiresMs: 1, times: null }],
  ],
  ['profileApp', [...inputs, { app: 'a3', visits: -1 }, { app: 'a3', visits: 1e9 }, { app: 'a3', visitS: 'long' }, { app: 'nobody' }]],
  ['trainModel', [...inputs, { app: 'a3', seed: 'x' }, { app: 'a3', reprofile: 'yes' }]],
  ['promoteModel', [...inputs, { key: 'a3', version: 'x' }]],
  ['watchFleet', [7, 'x', [], { everyS: -1 }, { everyS: 'x' }, { maxEvents: 0 }, { schema: 1 }, { strange: 1 }]],
];

describe('a workflow that is started with bad input fails at once with a line that names what is wrong', () => {
  test.each(types)('%s', async (type, bad) => {
    for (const [i, input] of bad.entries()) {
      const workflowId = `bad-${type}-${i}`;
      const handle = await world.client.workflow.start(type, {
        workflowId,
        taskQueue: QUEUE.control,
        args: input === undefined ? [] : [input],
        workflowExecutionTimeout: '20 seconds',
      });
      const error: unknown = await handle.result().catch((e: unknown) => e);
      expect(error, `${type} ${JSON.stringify(input)}`).toBeInstanceOf(WorkflowFailedError);
      expect(innermost(error), `${type} ${JSON.stringify(input)}`).toMatchObject({
        type: 'BadInput',
        message: expect.stringMatching(/^[^\n]{5,300}$/),
      });
      expect((await eventTypesOf(handle)).filter((t) => t === 'WORKFLOW_TASK_FAILED')).toEqual([]);
    }
  });
});
