import { describe, expect, test } from 'vitest';

import { QUEUE } from '../../workflows/queues.ts';
import { withWorld } from './environment.ts';
import { endOf, proposalOf, resultOf, startMove, tell } from './moves.ts';

let halfway = false;
const world = withWorld(undefined, {
  predictShard: async () => {
    if (halfway) throw new Error('the model server went away');
    return { rows: 0, unknown: 0 };
  },
});

/** The other cases are pure: test/domain/predecessor.test.ts. The cluster here is the one in memory. */
describe('what the predecessor did wrong', () => {
  test('3: a destination that is never ready takes nothing from the source', async () => {
    world.platform.faults('a0').startFails = 'crash loop';
    await startMove(world, 'a0', 's1');
    expect(await endOf(world, 'a0')).toMatchObject({ end: 'reverted' });
    expect(world.platform.siteOf('a0')).toBe('s0');
    expect(world.platform.switches('a0')).toEqual([]);
  });

  test('6: a change that its admission refuses is reported as refused, not as done', async () => {
    world.platform.faults('a1').refuse = 'denied by an admission policy';
    const { handle } = await startMove(world, 'a1', 's1');
    expect(await handle.result()).toMatchObject({ end: 'refused', why: expect.stringContaining('admission policy') as string });
    expect(world.platform.siteOf('a1')).toBe('s0');
  });

  test('9: the same proposal delivered twice is one decision and one move', async () => {
    const proposal = proposalOf('a2', 's1');
    await Promise.all([tell(world, 'a2', 'propose', proposal), tell(world, 'a2', 'propose', proposal)]);
    expect(await resultOf(world, 'a2', proposal.decisionId)).toMatchObject({ end: 'done' });
    expect(await world.store.claims({ app: 'a2', limit: 10 })).toHaveLength(1);
    expect(world.platform.switches('a2')).toHaveLength(1);
  });

  test('10: a prediction run that fails half-way leaves the last decision as it stands', async () => {
    const look = (id: string) => world.client.workflow.execute('predictQos', { workflowId: id, taskQueue: QUEUE.control, args: [] });
    await look('predict/before');
    const before = await world.store.decisions({ limit: 100 });
    expect(before.length).toBeGreaterThan(0);
    halfway = true;
    await expect(look('predict/half-way')).rejects.toThrow();
    expect(await world.store.decisions({ limit: 100 })).toEqual(before);
    expect(await world.store.pendingProposals(Date.now(), 100)).toEqual([]);
  });
});
