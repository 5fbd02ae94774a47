import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer, tell } from './ipc.ts';
import type { ServiceSpec, SimulatedUse } from './service-spec.ts';
import { work } from './work.ts';

/** Berth's example service: every request but `/ready` costs a fixed amount of work. One process, started by the daemon. */
const spec = JSON.parse(process.env['BERTH_SERVICE'] ?? '') as ServiceSpec;
const nonce = process.env['BERTH_NONCE'] ?? '';

let readyAtMs = Infinity;
let factor = spec.factor;
let busyUntilMs = 0;
let cpuMs = 0;
let delayMs = 0;

/** Longer than any client of the proxy idles: a server that closes first makes the other side reuse a dead socket. */
const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
  if (request.url === '/ready') return sayReady(response);
  request.resume();
  if (spec.simulated) return wait(request, response);
  work(spec.iterations);
  response.end('done\n');
});

function sayReady(response: ServerResponse): void {
  response.statusCode = Date.now() >= readyAtMs ? 200 : 503;
  response.end(response.statusCode === 200 ? nonce : 'warming up');
}

/** A simulated site serves one request after another too: the clock is slowed, the queue is real. */
function wait(_request: IncomingMessage, response: ServerResponse): void {
  const now = performance.now();
  busyUntilMs = Math.max(busyUntilMs, now) + spec.workMs * factor;
  cpuMs += spec.workMs;
  delayMs += spec.workMs * (factor - 1);
  setTimeout(() => response.end('done\n'), busyUntilMs - now);
}

function stop(): void {
  readyAtMs = Infinity;
  server.close(() => process.exit(0));
  // A connection that is busy now is idle, and kept alive, after its answer.
  setInterval(() => server.closeIdleConnections(), 20);
}

answer({
  factor: (args: { factor: number }) => void (factor = args.factor),
  use: (): SimulatedUse => ({ cpuMs, delayMs }),
});
process.on('SIGTERM', stop);
if (!spec.simulated) for (let i = 0; i < 8; i += 1) work(spec.iterations);
server.listen(0, '127.0.0.1', () => {
  readyAtMs = Date.now() + spec.warmUpS * 1000;
  tell({ kind: 'listening', port: (server.address() as AddressInfo).port });
});
