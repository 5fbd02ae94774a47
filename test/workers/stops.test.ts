import { expect, test } from 'vitest';

import { Stops } from '../../workers/parts/stops.ts';

test('what was started is stopped newest first, also past one that cannot be stopped', async () => {
  const order: string[] = [];
  const stops = new Stops();
  stops.add('first', () => void order.push('first'));
  stops.add('second', () => Promise.reject(new Error('no')));
  stops.add('third', () => void order.push('third'));
  await expect(stops.run()).rejects.toThrow('not everything could be stopped');
  expect(order).toEqual(['third', 'first']);
});
