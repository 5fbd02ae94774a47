import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { openAsk } from '../../../connectors/prometheus/ask.ts';
import { askRange, askSkewS } from '../../../connectors/prometheus/range.ts';

const RANGE = { query: 'up', startMs: 1_000_000, endMs: 1_002_000, stepMs: 1000, lookbackS: 60 };
const GOOD = JSON.stringify({
  status: 'success',
  data: { resultType: 'matrix', result: [{ metric: { site: 'a' }, values: [[1000, '1']] }] },
});
const asked: { server: Server; close: () => void }[] = [];

afterEach(async () => {
  for (const { server, close } of asked.splice(0)) {
    close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server that answers as Prometheus does on a bad day. */
async function askOf(answer: RequestListener, options: { timeoutMs?: number; maxBytes?: number } = {}) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const ask = openAsk({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, timeoutMs: 10_000, ...options });
  asked.push({ server, close: ask.close });
  return ask;
}
const says =
  (status: number, body: string, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    void response.writeHead(status, headers).end(body);
const wrong = (errorType: string) => JSON.stringify({ status: 'error', errorType, error: 'because' });

describe('an answer that cannot be used is unknown, with its reason', () => {
  test.each([
    ['a bad query', says(400, wrong('bad_data')), { reason: 'bad-query', why: 'bad_data: because', retryable: false }],
    ['a query that cannot be evaluated', says(422, wrong('execution')), { reason: 'bad-query', retryable: false }],
    ['no JSON', says(200, '<html>'), { reason: 'not-understood' }],
    ['another shape', says(200, '{"status":"success","data":{}}'), { reason: 'not-understood' }],
    ['an error in a 200', says(200, wrong('internal')), { reason: 'server-error' }],
    [
      'half of the truth',
      says(200, GOOD.replace('"success"', '"success","warnings":["store x is down"]')),
      { reason: 'partial', why: /store x is down/ },
    ],
    ['no right', says(401, ''), { reason: 'unauthorized', why: /token/ }],
    ['a redirect', says(302, '', { location: 'http://169.254.169.254/' }), { reason: 'redirect' }],
    ['overload for longer than a look may wait', says(429, '', { 'retry-after': '60' }), { reason: 'overloaded', retryAfterS: 60 }],
    ['a server that is broken', says(500, ''), { reason: 'server-error', retryable: true }],
  ])('%s', async (_, answer, expected) => {
    const found = await askRange(await askOf(answer), RANGE);
    expect(found).toMatchObject({ kind: 'unknown', ...expected, ...('why' in expected && { why: expect.stringMatching(expected.why) }) });
  });

  test('a server that hangs', async () => {
    const found = await askRange(await askOf(() => undefined, { timeoutMs: 100 }), RANGE);
    expect(found).toMatchObject({ kind: 'unknown', reason: 'timeout' });
  });

  test('a body that breaks off', async () => {
    const torn: RequestListener = (_, response) => {
      response.writeHead(200, { 'content-length': String(GOOD.length + 10) });
      response.write(GOOD, () => response.destroy());
    };
    expect(await askRange(await askOf(torn), RANGE)).toMatchObject({ kind: 'unknown', reason: 'unreachable' });
  });

  test('a body without end is read up to the limit', async () => {
    const endless: RequestListener = (_, response) => {
      response.writeHead(200);
      const more = (): void => void (response.destroyed || response.write('x'.repeat(65_536), more));
      more();
    };
    expect(await askRange(await askOf(endless, { maxBytes: 200_000 }), RANGE)).toMatchObject({ reason: 'too-large' });
  });

  test('a server that is not there', async () => {
    const ask = await askOf(says(200, GOOD));
    for (const { server } of asked) await new Promise((resolve) => server.close(resolve));
    expect(await askRange(ask, RANGE)).toMatchObject({
      kind: 'unknown',
      reason: 'unreachable',
      why: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  test.each(['http://169.254.169.254/', 'http://[fe80::1]:9090', 'http://0.0.0.0:9090'])('%s is not asked at all', async (url) => {
    const ask = openAsk({ url, timeoutMs: 1000 });
    expect(await askRange(ask, RANGE)).toMatchObject({ reason: 'refused-address' });
    ask.close();
  });
});

describe('patience', () => {
  test('what may pass is asked again, and the wait that the server names is kept', async () => {
    let times = 0;
    const ask = await askOf((request, response) =>
      (++times < 3 ? says(503, '', { 'retry-after': '0' }) : says(200, GOOD))(request, response),
    );
    expect(await askRange(ask, RANGE)).toEqual([{ labels: { site: 'a' }, timesMs: [1_000_000], values: [1] }]);
    expect(times).toBe(3);
  });

  test('a bad query is not asked twice', async () => {
    let times = 0;
    const ask = await askOf((request, response) => (times++, says(400, wrong('bad_data'))(request, response)));
    await askRange(ask, RANGE);
    expect(times).toBe(1);
  });
});

test('NaN, infinities and empty answers are no samples', async () => {
  const values = [
    [1000, 'NaN'],
    [1001, '+Inf'],
    [1002, '-Inf'],
    [1003, '1e300'],
    [1004, '-3'],
  ];
  const body = JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [{ metric: {}, values }] } });
  expect(await askRange(await askOf(says(200, body)), RANGE)).toEqual([{ labels: {}, timesMs: [1_004_000], values: [-3] }]);
  const empty = JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [] } });
  expect(await askRange(await askOf(says(200, empty)), RANGE)).toEqual([]);
});

test('the difference of the clocks is told in seconds', async () => {
  const body = JSON.stringify({ status: 'success', data: { resultType: 'scalar', result: [1000, '1000'] } });
  expect(await askSkewS(await askOf(says(200, body)), () => 940_000)).toBe(60);
});
