import { expect, test } from 'vitest';

import { QUEUE } from '../../workflows/queues.ts';
import { eventually } from '../contracts/eventually.ts';
import { eventTypesOf } from './histories.ts';
import { withWorld } from './environment.ts';
import { endOf, inPhase, propose, stateOf, stateWhen } from './moves.ts';

const world = withWorld();

const begin = async (app: string, maxEvents: number) => {
  const handle = await world.client.workflow.start('placementController', {
    workflowId: `app/${app}`,
    taskQueue: QUEUE.control,
    args: [{ app, maxEvents }],
  });
  await stateWhen(world, app, 'it knows its app', (s) => s.facts !== undefined);
  return handle;
};
const inTurns = async (n: number, atOnce: number, work: (i: number) => Promise<unknown>) => {
  for (let i = 0; i < n; i += atOnce) await Promise.all(Array.from({ length: Math.min(atOnce, n - i) }, (_, k) => work(i + k)));
};

test('nothing is lost over continue-as-new while signals arrive, and what was said before still holds after it', async () => {
  const handle = await begin('a0', 30);
  await handle.signal('exclude', { by: 'ann', reason: 'old disks', site: 's2', id: 'exclude' });
  const start = await stateWhen(world, 'a0', 'it is excluded', (s) => s.excluded.length === 1);
  const first = (await handle.describe()).runId;
  await inTurns(31, 2, (i) => handle.signal(i % 2 === 0 ? 'pause' : 'resume', { by: 'ann', reason: `message ${i}`, id: `m${i}` }));
  const state = await stateWhen(world, 'a0', 'all are taken', (s) => s.seen.length === 32);
  expect(state).toMatchObject({ ignored: 0, seq: start.seq + 31, excluded: [{ site: 's2', by: 'ann', reason: 'old disks' }] });
  expect(new Set(state.seen)).toEqual(new Set(['exclude', ...Array.from({ length: 31 }, (_, i) => `m${i}`)]));
  await eventually('another run goes on', async () => (await handle.describe()).runId !== first);
  const again = await handle.executeUpdate<{ said: string }, [unknown]>('pause', { args: [{ by: 'ann', reason: 'again', id: 'm0' }] });
  expect(again.said).toBe('message m0 was already taken');
});

test('a thousand deliveries of one message have one effect', async () => {
  const handle = await begin('a1', 200);
  const before = (await stateOf(world, 'a1')).seq;
  await inTurns(1000, 50, () => handle.signal('pause', { by: 'ann', reason: 'deploy', id: 'the-one' }));
  await handle.signal('exclude', { by: 'ann', reason: 'the last', site: 's1', id: 'last' });
  const state = await stateWhen(world, 'a1', 'the last is taken', (s) => s.seen.includes('last'));
  expect(state).toMatchObject({ seq: before + 2, paused: { by: 'ann', reason: 'deploy' }, ignored: 0 });
  expect((await eventTypesOf(handle)).filter((type) => type.includes('FAILED'))).toEqual([]);
});

test('a controller continues as new in the middle of a move and books its end', async () => {
  const handle = await begin('a2', 30);
  world.platform.faults('a2').hang = true;
  await propose(world, 'a2', 's1');
  await inPhase(world, 'a2', 'ready');
  const first = (await handle.describe()).runId;
  for (let i = 0; i < 12; i++)
    await handle.executeUpdate('exclude', { args: [{ by: 'ann', reason: `message ${i}`, site: 's2', id: `m${i}` }] });
  await eventually('another run goes on', async () => (await handle.describe()).runId !== first);
  expect((await stateOf(world, 'a2')).moving).toBeDefined();
  world.platform.faults('a2').hang = false;
  expect(await endOf(world, 'a2')).toMatchObject({ end: 'done' });
  expect(await stateWhen(world, 'a2', 'the move is booked', (s) => s.moving === undefined)).toMatchObject({ excluded: [{ site: 's2' }] });
});

test('a message that waits for a new configuration does not keep a controller from continuing', async () => {
  const handle = await begin('a3', 30);
  for (let round = 0; round < 12; round++)
    await Promise.all([handle.signal('reconfigured'), handle.signal('pause', { by: 'ann', reason: 'x', id: `m${round}` })]);
  await stateWhen(world, 'a3', 'all are taken', (s) => s.seen.length === 12);
  const said = await handle.executeUpdate<{ said: string }, [unknown]>('resume', { args: [{ by: 'ann', reason: 'x' }] });
  expect(said.said).toBe('a3 goes on; it was paused');
});
