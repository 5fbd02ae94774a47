import { WorkflowFailedError } from '@temporalio/client';
import { expect, test } from 'vitest';

import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import type { ReplayOutcome } from '../../workflows/replay-decisions.ts';
import { withWorld } from './environment.ts';

const world = withWorld();
const replay = (name: string, input: object): Promise<ReplayOutcome> =>
  world.client.workflow.execute('replayDecisions', { workflowId: workflowIds.replay(name), taskQueue: QUEUE.control, args: [input] });
const ever = { from: '2020-01-01T00:00:00Z', to: '2099-01-01T00:00:00Z' };

test('looks that were really made come out the same, and the whole result is a blob', async () => {
  for (const n of [1, 2])
    await world.client.workflow.execute('predictQos', { workflowId: `predict/by-hand-${n}`, taskQueue: QUEUE.control, args: [] });
  const { report, ...summary } = await replay('same', ever);
  expect(summary.looks).toBeGreaterThanOrEqual(2);
  expect(summary.decisions).toBeGreaterThan(0);
  expect(summary.identical).toBe(summary.decisions);
  expect(summary.different).toBe(0);
  expect(report).toMatch(/^[0-9a-f]{64}$/);
});

test('a period or a policy that makes no sense is refused', async () => {
  const message = async (input: object) => {
    const error: unknown = await replay('bad', input).catch((e: unknown) => e);
    return error instanceof WorkflowFailedError ? error.cause?.message : undefined;
  };
  expect(await message({ ...ever, from: 'yesterday' })).toMatch(/from must be an instant/);
  expect(await message({ ...ever, to: '2026-13-45T18:00:00Z' })).toMatch(/to must be an instant/);
  expect(await message({ from: ever.to, to: ever.from })).toMatch(/from is after to/);
  expect(await message({ ...ever, policy: 'P.yaml' })).toMatch(/policy must be the sha256 of a blob/);
});
