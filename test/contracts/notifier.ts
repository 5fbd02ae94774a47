import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Notifier } from '../../connectors/ports.ts';
import { cloudEventOf } from '../../domain/cloud-event.ts';

export const SECRET = 'a key that nobody knows';

/** A receiver that writes down what it gets. */
export interface Receiver {
  readonly got: { readonly headers: IncomingHttpHeaders; readonly body: string }[];
  port: number;
  status: number;
  headers: Readonly<Record<string, string>>;
  hang: boolean;
  start(port?: number): Promise<void>;
  stop(): Promise<void>;
}

export function receiver(): Receiver {
  let server: Server | undefined;
  const self: Receiver = {
    got: [],
    port: 0,
    status: 204,
    headers: {},
    hang: false,
    async start(port = 0) {
      const started = createServer((request, answer) => {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString()));
        request.on('end', () => {
          self.got.push({ headers: request.headers, body });
          if (!self.hang) answer.writeHead(self.status, self.headers).end();
        });
      });
      server = started;
      await new Promise<void>((resolve) => started.listen(port, '127.0.0.1', resolve));
      self.port = (started.address() as AddressInfo).port;
    },
    async stop() {
      server?.closeAllConnections();
      await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
      server = undefined;
    },
  };
  return self;
}

/** What every implementation of `Notifier` must do. `open` is one whose secret HOOK_SECRET is `SECRET`. */
export function notifierContract(name: string, open: () => Notifier): void {
  describe(`notifier: ${name}`, () => {
    const there = receiver();
    beforeEach(async () => {
      Object.assign(there, { status: 204, headers: {}, hang: false });
      there.got.length = 0;
      await there.start();
    });
    afterEach(() => there.stop());

    const event = cloudEventOf({ id: 'recommend/a0-1', kind: 'recommend', app: 'a0', atMs: 0, data: { to: 'sité' } }, 'berth-1');
    const send = (
      timeout = 30,
      url = `http://localhost:${there.port}/hook?x=1`,
      secret: { env?: string; file?: string } = { env: 'HOOK_SECRET' },
    ) => open().send(event, { url, timeout, secret });

    test('an event arrives as a CloudEvent whose signature its receiver can check', async () => {
      expect(await send()).toEqual({ delivered: true });
      const { headers, body } = there.got[0]!;
      expect(headers['content-type']).toContain('application/cloudevents+json');
      expect(JSON.parse(body)).toEqual({
        specversion: '1.0',
        id: 'recommend/a0-1',
        source: '/berth/berth-1',
        type: 'berth.recommend',
        subject: 'app/a0',
        time: '1970-01-01T00:00:00.000Z',
        datacontenttype: 'application/json',
        data: { app: 'a0', to: 'sité' },
      });
      const signed = `${headers['webhook-id'] as string}.${headers['webhook-timestamp'] as string}.${body}`;
      expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', SECRET).update(signed).digest('base64')}`);
      expect(headers['webhook-id']).toBe('recommend/a0-1');
    });

    test('a second try carries the same key', async () => {
      there.status = 500;
      expect(await send()).toEqual({ delivered: false, why: 'it answers with status 500', down: true });
      there.status = 200;
      expect(await send()).toEqual({ delivered: true });
      expect(there.got.map(({ headers }) => headers['webhook-id'])).toEqual(['recommend/a0-1', 'recommend/a0-1']);
    });

    test('what a receiver refuses is no reason to think that it is down', async () => {
      there.status = 410;
      expect(await send()).toEqual({ delivered: false, why: 'it answers with status 410', down: false });
    });

    test('a redirect is not followed', async () => {
      const elsewhere = receiver();
      await elsewhere.start();
      Object.assign(there, { status: 307, headers: { location: `http://localhost:${elsewhere.port}/` } });
      expect(await send()).toMatchObject({ delivered: false, why: expect.stringContaining('redirect (307), which is not followed') });
      expect(elsewhere.got).toEqual([]);
      await elsewhere.stop();
    });

    test('nobody there, and one who never answers, are told apart from success', async () => {
      there.hang = true;
      expect(await send(0.2)).toEqual({ delivered: false, why: 'it does not answer in time', down: true });
      await there.stop();
      expect(await send()).toEqual({ delivered: false, why: 'ECONNREFUSED', down: true });
    });

    test('without its secret nothing is sent, and the place where it was looked for is named', async () => {
      const wrong = [{ env: 'NOT_SET' }, { file: '/nowhere/key' }];
      const whys = await Promise.all(wrong.map(async (secret) => send(30, undefined, secret)));
      expect(whys).toEqual([
        { delivered: false, why: 'the environment variable NOT_SET of the worker is not set', down: true },
        { delivered: false, why: expect.stringContaining('the secret file /nowhere/key cannot be read: ENOENT'), down: true },
      ]);
      expect(there.got).toEqual([]);
    });
  });
}
