import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What the proxy does to a call instead of passing it on and back. */
export type Fault =
  | { readonly kind: 'latency'; readonly ms: number }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string }
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset-before' }
  /** The write is carried out, its answer lost; `meanwhile` runs in between. */
  | { readonly kind: 'reset-after'; readonly meanwhile?: () => void }
  | { readonly kind: 'truncated' };

export interface ProxyCall {
  readonly method: string;
  readonly path: string;
  readonly contentType: string | undefined;
  readonly fault?: Fault['kind'];
}

export interface FaultProxy {
  readonly url: string;
  readonly calls: readonly ProxyCall[];
  /** Connections that clients have made so far. */
  connections(): number;
  /** Chosen anew for each call; undefined = none. */
  choose: (method: string, path: string, body: string) => Fault | undefined;
  close(): Promise<void>;
}

/** Stands in front of a real API server, with its certificate, so that clients need to know of nothing. */
export async function faultProxy(target: { url: string; caFile: string }): Promise<FaultProxy> {
  const calls: ProxyCall[] = [];
  const proxy = { calls, choose: () => undefined } as unknown as { -readonly [K in keyof FaultProxy]: FaultProxy[K] };
  const ca = readFileSync(target.caFile);
  const tls = { cert: ca, key: readFileSync(target.caFile.replace(/\.crt$/, '.key')) };
  const server: Server = createServer(tls, (incoming, answer) => {
    const [method, path] = [incoming.method ?? 'GET', incoming.url ?? '/'];
    bodyOf(incoming)
      .then(
        (body) => {
          const fault = proxy.choose(method, path, body.toString('utf8'));
          calls.push({ method, path, contentType: incoming.headers['content-type'], ...(fault && { fault: fault.kind }) });
          return treat({ incoming, body, answer, fault, target: new URL(path, target.url), ca });
        },
        // Who asked has hung up.
        () => incoming.socket.destroy(),
      )
      .catch(() => incoming.socket.destroy());
  });
  let connections = 0;
  server.on('secureConnection', () => (connections += 1));
  proxy.connections = () => connections;
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1' }, resolve));
  proxy.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  proxy.close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return proxy;
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly body: Buffer;
  readonly answer: ServerResponse;
  readonly fault: Fault | undefined;
  readonly target: URL;
  readonly ca: Buffer;
}

async function treat(exchange: Exchange): Promise<void> {
  const { incoming, answer, fault } = exchange;
  if (fault?.kind === 'reset-before') return void incoming.socket.destroy();
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'status') {
    answer.writeHead(fault.status, { ...(fault.retryAfter !== undefined && { 'retry-after': fault.retryAfter }) });
    return void answer.end(JSON.stringify({ kind: 'Status', message: `injected ${fault.status}`, code: fault.status }));
  }
  if (fault?.kind === 'latency') await new Promise((resolve) => setTimeout(resolve, fault.ms));
  const reply = await passedOn(exchange);
  if (fault?.kind === 'reset-after') {
    fault.meanwhile?.();
    return void incoming.socket.destroy();
  }
  answer.writeHead(reply.status, reply.headers);
  if (fault?.kind !== 'truncated') return void answer.end(reply.body);
  answer.write(reply.body.subarray(0, reply.body.length / 2), () => incoming.socket.destroy());
}

function passedOn({
  incoming,
  body,
  target,
  ca,
}: Exchange): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const headers = { ...incoming.headers, host: target.host };
    const asked = request(target, { method: incoming.method ?? 'GET', headers, ca }, (response) => {
      bodyOf(response).then((bytes) => resolve({ status: response.statusCode ?? 500, headers: response.headers, body: bytes }), reject);
    });
    asked.once('error', reject);
    asked.end(body);
  });
}

async function bodyOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
