import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stopChild } from '../../../connectors/local/children.ts';
import { ask } from '../../../connectors/local/ipc.ts';
import type { Tick } from '../../../connectors/local/latency.ts';
import { eventually } from '../../contracts/eventually.ts';
import { builtDaemon } from './build.ts';

let proxy: ChildProcess;
let url: string;
let servers: Server[];

beforeEach(async () => {
  servers = [];
  proxy = fork(join(dirname(builtDaemon()), 'proxy.js'));
  const { port } = await ask<{ port: number }>(proxy, 'listen', { app: 'web' });
  url = `http://127.0.0.1:${port}`;
});
afterEach(async () => {
  await stopChild(proxy, 0);
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

async function upstream(listener: RequestListener, port = 0): Promise<number> {
  const server = createServer(listener).listen(port, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
const point = (port: number) => ask<{ failed: number }>(proxy, 'point', { app: 'web', port });
const failed = () => ask<number>(proxy, 'failed', { app: 'web' });
const text = async (response: Promise<Response>) => (await response).text();

test('a request goes through with its method, path, headers and body, and the answer comes back', async () => {
  await point(
    await upstream((request, response) => {
      response.writeHead(201, { 'x-seen': `${request.method} ${request.url} ${request.headers['x-a']}` });
      request.pipe(response);
    }),
  );
  const body = 'x'.repeat(300_000);
  const answer = await fetch(`${url}/p?q=1`, { method: 'POST', body, headers: { 'x-a': 'b' } });
  expect([answer.status, answer.headers.get('x-seen'), await answer.text()]).toEqual([201, 'POST /p?q=1 b', body]);
});

test('after a switch new requests go to the new one, those in flight end on the old, and the drain waits for them', async () => {
  const waiting: (() => void)[] = [];
  await point(await upstream((_request, response) => waiting.push(() => response.end('old'))));
  const slow = text(fetch(url));
  await eventually('the old one has it', () => waiting.length === 1);
  await point(await upstream((_request, response) => response.end('new')));
  expect(await text(fetch(url))).toBe('new');
  let drained = false;
  const drain = ask<{ failed: number; left: number }>(proxy, 'drain', { app: 'web', timeoutMs: 20_000 }).then((answer) => {
    drained = true;
    return answer;
  });
  expect(await text(fetch(url))).toBe('new');
  expect(drained).toBe(false);
  waiting[0]?.();
  expect(await slow).toBe('old');
  expect(await drain).toEqual({ failed: 0, left: 0 });
});

test('a request that the service refused to take waits for the next one', async () => {
  const port = await upstream((_request, response) => response.end());
  servers[0]?.close();
  await point(port);
  const held = text(fetch(url));
  await point(await upstream((_request, response) => response.end('back')));
  expect(await held).toBe('back');
  expect(await failed()).toBe(0);
});

test('a request that may not be sent twice is lost, counted and answered with 502 when the service resets it', async () => {
  let taken = 0;
  await point(
    await upstream((request) => {
      taken += 1;
      request.socket.destroy();
    }),
  );
  expect((await fetch(url, { method: 'POST', body: 'once' })).status).toBe(502);
  expect([taken, await failed()]).toEqual([1, 1]);
});

test('a kept-alive connection that the service had closed is no loss', async () => {
  let served = 0;
  await point(
    await upstream((request, response) => {
      served += 1;
      // The second request meets a connection that is reset under it, as when a server's idle time-out races a client.
      if (served === 2) return void request.socket.destroy();
      response.end(`answer ${served}`);
    }),
  );
  expect(await text(fetch(url))).toBe('answer 1');
  expect(await text(fetch(url))).toBe('answer 3');
  expect(await failed()).toBe(0);
});

test('an answer that breaks off is broken for the client too, and counted', async () => {
  await point(
    await upstream((request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setImmediate(() => request.socket.destroy());
    }),
  );
  await expect(text(fetch(url))).rejects.toThrow();
  expect(await failed()).toBe(1);
});

test('a client that goes away is not a loss', async () => {
  let seen = 0;
  await point(await upstream(() => (seen += 1)));
  const gone = new AbortController();
  const request = fetch(url, { signal: gone.signal });
  await eventually('the service has it', () => seen === 1);
  gone.abort();
  await expect(request).rejects.toThrow();
  await point(await upstream((_request, response) => response.end('next')));
  expect(await ask(proxy, 'drain', { app: 'web', timeoutMs: 20_000 })).toEqual({ failed: 0, left: 0 });
});

test('a fast error of the app and an own 502 have no latency: only what was served has', async () => {
  const ticks = async () => (await ask<Record<string, Tick>>(proxy, 'take', {}))['web'];
  let status = 503;
  const app = await upstream((_request, response) => response.writeHead(status).end());
  await point(app);
  expect((await fetch(url)).status).toBe(503);
  status = 404;
  expect((await fetch(url)).status).toBe(404);
  await point(await upstream((request) => request.socket.destroy()));
  expect((await fetch(url, { method: 'POST', body: 'once' })).status).toBe(502);
  expect(await ticks()).toEqual({ asked: 3, failed: 3, failedShare: 1 });
  status = 204;
  await point(app);
  expect((await fetch(url)).status).toBe(204);
  expect(await ticks()).toEqual({ asked: 1, failed: 0, failedShare: 0, meanMs: expect.any(Number), p95Ms: expect.any(Number) });
});

test('an answer that breaks off has no latency', async () => {
  await point(
    await upstream((request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setImmediate(() => request.socket.destroy());
    }),
  );
  await expect(text(fetch(url))).rejects.toThrow();
  expect(await ask(proxy, 'take', {})).toEqual({ web: { asked: 1, failed: 1, failedShare: 1 } });
});
