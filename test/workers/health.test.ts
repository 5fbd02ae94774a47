import { afterEach, describe, expect, test } from 'vitest';

import { serveHealth } from '../../workers/parts/health.ts';

let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  await close?.();
});

async function serve(checks: Parameters<typeof serveHealth>[1]): Promise<string> {
  const health = await serveHealth({ host: '127.0.0.1', port: 0 }, checks);
  close = health.close;
  return health.url;
}

describe('the health of a worker', () => {
  test('is ready when every check passes', async () => {
    const url = await serve([{ name: 'database', check: async () => undefined }]);
    const answer = await fetch(`${url}/readyz`);
    expect([answer.status, await answer.text()]).toEqual([200, 'database: ok\n']);
  });

  test('names what fails, while the process is alive', async () => {
    const url = await serve([
      { name: 'worker', check: async () => undefined },
      { name: 'database', check: () => Promise.reject(new Error('does not answer')) },
    ]);
    const answer = await fetch(`${url}/readyz`);
    expect([answer.status, await answer.text()]).toEqual([503, 'worker: ok\ndatabase: does not answer\n']);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test('knows no other path', async () => {
    expect((await fetch(`${await serve([])}/metrics`)).status).toBe(404);
  });
});
