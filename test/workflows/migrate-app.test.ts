import { expect, test } from 'vitest';

import { eventually } from '../contracts/eventually.ts';
import { endOf, startMove } from './moves.ts';
import { withWorld } from './environment.ts';

const world = withWorld();

test('a move that goes well ends done, on the target, with one switch and every phase recorded', async () => {
  await startMove(world, 'a0', 's1');
  const claim = await endOf(world, 'a0');
  expect(claim).toMatchObject({ end: 'done', from: 's0', to: 's1', failedRequests: 0 });
  expect(claim.phases.map((p) => p.phase)).toEqual(['recheck', 'snapshot', 'dry-run', 'apply', 'ready', 'verify']);
  expect(world.platform.siteOf('a0')).toBe('s1');
  expect(world.platform.switches('a0')).toHaveLength(1);
  await eventually('observed', () => true);
});
