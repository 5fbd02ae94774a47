import { Agent, createServer, request as send } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer } from './ipc.ts';
import { TickLog } from './latency.ts';
import type { Tick } from './latency.ts';

/**
 * The stable address of every app, in a process of its own: the daemon reads all of `/proc` twice a second, and that must not show
 * in anybody's latency. A switch replaces the upstream in one assignment; requests in flight finish where they began.
 */
interface Upstream {
  readonly port: number;
  /** One per upstream, or a switch would go on using the old one's sockets. */
  readonly agent: Agent;
  inFlight: number;
  idle?: () => void;
}

interface Route {
  readonly server: Server;
  readonly tick: TickLog;
  upstream?: Upstream;
  readonly old: Set<Upstream>;
  readonly held: Set<() => void>;
  failed: number;
}

interface Job {
  readonly route: Route;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Nothing but headers and idempotent, so it may be sent a second time. */
  readonly repeatable: boolean;
}

/** While a crashed service restarts, requests that were not taken wait for it this long, this many at once. */
const HOLD_MS = 5000;
const HELD = 200;
/** The first, one after a kept-alive socket that was closed, one after a refused connection. */
const TRIES = 3;
const HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
  'proxy-authenticate',
  'proxy-authorization',
]);

const routes = new Map<string, Route>();

async function listen(args: { app: string; port?: number }): Promise<{ port: number }> {
  const found = routes.get(args.app);
  if (found) return { port: portOf(found.server) };
  const server = createServer({ keepAliveTimeout: 65_000 });
  const route: Route = { server, tick: new TickLog(), old: new Set(), held: new Set(), failed: 0 };
  server.on('request', (request: IncomingMessage, response: ServerResponse) =>
    take({ route, request, response, repeatable: isRepeatable(request) }),
  );
  if (args.port === undefined || !(await bindAgain(server, args.port))) await bind(server, 0);
  routes.set(args.app, route);
  return { port: portOf(server) };
}

/** The proxy before this one may take a moment to die. False when somebody else has the port. */
async function bindAgain(server: Server, port: number): Promise<boolean> {
  for (let tries = 0; tries < 20; tries += 1) {
    try {
      await bind(server, port);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return false;
}

function bind(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function isRepeatable(request: IncomingMessage): boolean {
  const bodiless = request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined;
  return bodiless && ['GET', 'HEAD', 'OPTIONS'].includes(request.method ?? '');
}

function take(job: Job): void {
  const start = performance.now();
  job.route.tick.ask();
  job.response.on('finish', () => {
    if (job.response.statusCode < 400) job.route.tick.add(performance.now() - start);
    else job.route.tick.fail();
  });
  forward(job, TRIES);
}

function forward(job: Job, tries: number): void {
  const upstream = job.route.upstream;
  if (!upstream) return hold(job, tries);
  upstream.inFlight += 1;
  const leave = once(() => left(upstream));
  const { method, url: path, headers } = job.request;
  const sent = send({ host: '127.0.0.1', port: upstream.port, agent: upstream.agent, method, path, headers: passed(headers) });
  job.response.on('close', () => {
    leave();
    if (!job.response.writableFinished) sent.destroy();
  });
  sent.on('response', (answered) => relay(job, answered));
  sent.on('error', (error: NodeJS.ErrnoException) => {
    leave();
    if (job.response.destroyed) return;
    if (job.response.headersSent) return cut(job);
    const again = job.repeatable && tries > 1;
    if (again && error.code === 'ECONNRESET' && sent.reusedSocket) return forward(job, tries - 1);
    if (again && error.code === 'ECONNREFUSED') return job.route.upstream === upstream ? hold(job, tries - 1) : forward(job, tries - 1);
    job.route.failed += 1;
    job.response.writeHead(502).end(`berth proxy: ${error.code ?? error.message}\n`);
  });
  if (job.repeatable) sent.end();
  else job.request.pipe(sent);
}

function relay(job: Job, answered: IncomingMessage): void {
  job.response.writeHead(answered.statusCode ?? 502, passed(answered.headers));
  answered.on('error', () => cut(job));
  answered.pipe(job.response);
}

/** An answer that broke off in the middle cannot be repaired: the client must see that it is not whole. */
function cut(job: Job): void {
  if (job.response.destroyed || job.response.writableFinished) return;
  job.route.failed += 1;
  job.route.tick.fail();
  job.response.destroy();
}

function hold(job: Job, tries: number): void {
  const { held } = job.route;
  const go = once(() => {
    clearTimeout(timer);
    held.delete(go);
    if (job.response.destroyed) return;
    if (job.route.upstream) return forward(job, tries);
    refuse(job);
  });
  const timer = setTimeout(() => {
    held.delete(go);
    if (!job.response.destroyed) refuse(job);
  }, HOLD_MS);
  if (held.size < HELD) return void held.add(go);
  go();
}

function refuse(job: Job): void {
  job.route.failed += 1;
  job.response.writeHead(502).end('berth proxy: the app is not serving\n');
}

function left(upstream: Upstream): void {
  upstream.inFlight -= 1;
  if (upstream.inFlight === 0) upstream.idle?.();
}

function passed(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP.has(name)));
}

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    run();
  };
}

function routeOf(app: string): Route {
  const route = routes.get(app);
  if (!route) throw new Error(`no route for ${app}`);
  return route;
}

function point(args: { app: string; port: number }): { failed: number } {
  const route = routeOf(args.app);
  if (route.upstream?.port !== args.port) {
    if (route.upstream) route.old.add(route.upstream);
    route.upstream = { port: args.port, agent: new Agent({ keepAlive: true }), inFlight: 0 };
  }
  for (const go of [...route.held]) go();
  return { failed: route.failed };
}

/** Waits until no request is left on the upstreams that were switched away from. */
async function drain(args: { app: string; timeoutMs: number }): Promise<{ failed: number; left: number }> {
  const route = routeOf(args.app);
  let left = 0;
  for (const upstream of [...route.old]) {
    left += await idle(upstream, args.timeoutMs);
    upstream.agent.destroy();
    route.old.delete(upstream);
  }
  return { failed: route.failed, left };
}

async function idle(upstream: Upstream, timeoutMs: number): Promise<number> {
  if (upstream.inFlight === 0) return 0;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    upstream.idle = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  return upstream.inFlight;
}

async function forget(args: { app: string }): Promise<void> {
  const route = routes.get(args.app);
  if (!route) return;
  routes.delete(args.app);
  route.upstream?.agent.destroy();
  await new Promise<void>((resolve) => {
    route.server.close(() => resolve());
    route.server.closeAllConnections();
  });
}

function takeTicks(): Record<string, Tick> {
  return Object.fromEntries([...routes].map(([app, route]) => [app, route.tick.take()]));
}

answer({ listen, point, drain, forget, failed: (args: { app: string }) => routeOf(args.app).failed, take: takeTicks });
