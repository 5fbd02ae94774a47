import { Agent, request } from 'node:http';
import { answer } from './ipc.ts';
import { LatencyLog, TickLog } from './latency.ts';
import type { Fate, LatencyReport, Tick } from './latency.ts';
import { randomFrom } from './random.ts';

/**
 * Sends requests open-loop: they are due at Poisson times whether or not earlier ones have been answered, and latency counts from
 * the due time, so that a slow service cannot hide behind the requests it kept from being sent. One process for all apps.
 */
export interface Target {
  readonly port: number;
  readonly path: string;
  readonly rate: number;
}

const TIMEOUT_MS = 10_000;
/** Overload must not grow without end: at most this many at once, or half a second's worth of them. */
const IN_FLIGHT = 40;

interface Stream {
  target: Target;
  readonly agent: Agent;
  readonly random: () => number;
  readonly log: LatencyLog;
  readonly tick: TickLog;
  inFlight: number;
  dueMs: number;
  timer?: NodeJS.Timeout;
}

const streams = new Map<string, Stream>();

function setTargets(targets: Readonly<Record<string, Target>>): void {
  for (const [app, stream] of streams) if (!Object.hasOwn(targets, app)) retire(app, stream);
  for (const [app, target] of Object.entries(targets)) setTarget(app, target);
}

function setTarget(app: string, target: Target): void {
  const stream = streams.get(app) ?? newStream(app, target);
  streams.set(app, stream);
  const same = stream.target.rate === target.rate && stream.timer !== undefined;
  stream.target = target;
  if (same) return;
  clearTimeout(stream.timer);
  delete stream.timer;
  if (target.rate === 0) return;
  stream.dueMs = now() + gapMs(stream);
  run(stream);
}

function newStream(app: string, target: Target): Stream {
  const agent = new Agent({ keepAlive: true });
  return { target, agent, random: randomFrom(`load ${app}`), log: new LatencyLog(), tick: new TickLog(), inFlight: 0, dueMs: 0 };
}

function retire(app: string, stream: Stream): void {
  clearTimeout(stream.timer);
  stream.agent.destroy();
  streams.delete(app);
}

function run(stream: Stream): void {
  const nowMs = now();
  while (stream.dueMs <= nowMs) {
    send(stream, stream.dueMs);
    stream.dueMs += gapMs(stream);
  }
  stream.timer = setTimeout(run, stream.dueMs - nowMs, stream);
}

function gapMs(stream: Stream): number {
  return (-Math.log(1 - stream.random()) * 1000) / stream.target.rate;
}

function send(stream: Stream, dueMs: number): void {
  stream.tick.ask();
  if (stream.inFlight >= Math.max(IN_FLIGHT, stream.target.rate / 2)) return stream.log.add(dueMs, 'shed');
  stream.inFlight += 1;
  stream.log.send(dueMs);
  get(stream, true, (fate) => {
    stream.inFlight -= 1;
    const latencyMs = fate === 'timedOut' ? TIMEOUT_MS : now() - dueMs;
    const measured = fate === 'ok' || fate === 'timedOut';
    stream.log.add(dueMs, fate, measured ? latencyMs : undefined);
    if (measured) stream.tick.add(latencyMs);
    else stream.tick.fail();
  });
}

/** One GET; once more when a kept-alive socket turned out to be closed, which is no loss: the server never saw the request. */
function get(stream: Stream, again: boolean, done: (fate: Fate) => void): void {
  const { port, path } = stream.target;
  let over = false;
  const end = (fate: Fate) => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    done(fate);
  };
  const sent = request({ host: '127.0.0.1', port, path, agent: stream.agent }, (response) => {
    response.resume();
    response.on('end', () => end(fateOf(response.statusCode ?? 0)));
    response.on('error', () => end('failed'));
  });
  const timer = setTimeout(() => {
    end('timedOut');
    sent.destroy();
  }, TIMEOUT_MS);
  sent.on('error', (error: NodeJS.ErrnoException) => {
    if (over || !again || error.code !== 'ECONNRESET' || !sent.reusedSocket) return end('failed');
    over = true;
    clearTimeout(timer);
    get(stream, false, done);
  });
  sent.end();
}

function fateOf(status: number): Fate {
  if (status === 502) return 'failed';
  return status >= 400 ? 'badStatus' : 'ok';
}

/** Epoch ms with a fraction, never stepping back. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

function take(): Record<string, Tick> {
  return Object.fromEntries([...streams].map(([app, stream]) => [app, stream.tick.take()]));
}

function report(args: { fromMs: number; toMs: number; boundMs: number }): Record<string, LatencyReport> {
  return Object.fromEntries([...streams].map(([app, stream]) => [app, stream.log.report(args.fromMs, args.toMs, args.boundMs)]));
}

answer({ targets: setTargets, take, report });
