import { expect, test } from 'vitest';
import { ScrapeQueue } from '../../../connectors/local/scrape-queue.ts';
import { eventually } from '../../contracts/eventually.ts';

const scrape = (atMs: number) => ({ atMs, sites: [], apps: [] });

test('scrapes are kept in order while the sink is away, and given when it is back', async () => {
  const got: number[] = [];
  let away = true;
  const said: string[] = [];
  const queue = new ScrapeQueue(
    async ({ atMs }) => {
      if (away) throw new Error('the database is gone');
      got.push(atMs);
    },
    (message) => said.push(message),
  );
  for (let i = 1; i <= 3; i += 1) queue.push(scrape(i));
  await eventually('the sink was tried', () => said.length > 0);
  away = false;
  await eventually('all are given', () => got.length === 3);
  expect(got).toEqual([1, 2, 3]);
  expect(said).toEqual(['scrapes cannot be stored', 'scrapes are stored again']);
  expect([queue.dropped, queue.delivered]).toEqual([0, 3]);
});

test('while the sink is away the oldest are dropped, and counted', () => {
  const queue = new ScrapeQueue(
    () => new Promise(() => undefined),
    () => undefined,
  );
  for (let i = 0; i < 300; i += 1) queue.push(scrape(i));
  expect([queue.waiting, queue.dropped, queue.delivered]).toEqual([240, 60, 0]);
});
