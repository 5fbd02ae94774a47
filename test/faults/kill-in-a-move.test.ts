import { execFile } from 'node:child_process';
import { mkdtemp, rm, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { parseConfig } from '../../domain/parse-config.ts';
import type { Claim } from '../../domain/records.ts';
import type { applyConfig as ApplyConfig } from '../../scripts/commands/apply.ts';
import type { bringUp as BringUp, Up } from '../../scripts/up/bring-up.ts';
import { removePostgres } from '../../scripts/platform/postgres-server.ts';

const root = new URL('../../', import.meta.url).pathname;
const run = promisify(execFile);
const LONG_MS = 600_000;

/** One app under load on two simulated sites; nothing but overrides moves it. */
const CONFIG = `
version: 1
connectors: { local: { sites: simulated } }
sites: { left: {}, right: {} }
objectives: { quick: { kpis: [{ name: latency, unit: ms, better: lower, best: 5, worst: 500, scale: log }], slo: 0.5 } }
policies:
  plain: { mode: recommend, horizon: 4s, freshness: 60s, verify: { soak: 1s, tolerance: 1 }, ready: { deadline: 60s, stable: 500ms }, cooldown: { initial: 0s, max: 0s, reset: 0s } }
apps: { shop: { objective: quick, policy: plain, local: { start: left, service: { workMs: 2, warmUp: 1s }, load: { rate: 20 } } } }
schedules: { look: { every: 2s } }
telemetry: { step: 500ms, window: 10s }
`;

type Victim = 'worker' | 'Temporal' | 'Postgres';

describe('whoever is killed in the middle of a move', () => {
  let dir: string;
  let up: Up;

  beforeAll(async () => {
    await run(process.execPath, ['scripts/run.mjs', 'setup'], { cwd: root, maxBuffer: 2 ** 24 });
    dir = await mkdtemp(join(tmpdir(), 'berth-faults-'));
    const { bringUp } = (await built('scripts/up/bring-up.js')) as { bringUp: typeof BringUp };
    const { applyConfig } = (await built('scripts/commands/apply.js')) as { applyConfig: typeof ApplyConfig };
    up = await bringUp({ dir, dieWithParent: true, say: () => undefined });
    const parsed = parseConfig(CONFIG);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    await applyConfig(parsed.config, { ...up, by: 'test' });
  }, LONG_MS);

  afterAll(async () => {
    await up?.stop();
    await removePostgres(join(dir, 'postgres'));
    await rm(dir, { recursive: true, force: true });
  }, LONG_MS);

  const cases: [Victim, string][] = [
    ['worker', 'snapshot'],
    ['worker', 'apply'],
    ['worker', 'ready'],
    ['worker', 'verify'],
    ['Temporal', 'apply'],
    ['Temporal', 'ready'],
    ['Postgres', 'apply'],
    ['Postgres', 'ready'],
  ];
  test.each(cases)(
    '%s at %s: the move ends done or reverted, with at most one switch each way and no request lost',
    async (victim, phase) => {
      const { from, to, beganMs, decisionId } = await moveUpTo(up, phase);
      process.kill(await pidOf(victim, { up, dir }), 'SIGKILL');
      const claim = await ended(up, decisionId);
      await clear(up);
      expect(['done', 'reverted']).toContain(claim.end);
      // A look may have had time to try the override again; what was refused has touched nothing.
      const last = (await up.store.claims({ app: 'shop', limit: 10 })).find((c) => c.end !== 'refused');
      expect(await siteOf(up)).toBe(last?.end === 'done' ? last.to : last?.from);
      const report = await up.platform.report({ fromMs: beganMs, toMs: claim.endedMs ?? Date.now(), boundMs: 500 });
      const switched = report.moves.filter((m) => m.switchedMs !== undefined);
      expect(switched.filter((m) => m.to === to).length).toBeLessThanOrEqual(1);
      expect(switched.filter((m) => m.to === from).length).toBeLessThanOrEqual(1);
      expect(report.apps['shop']?.requests.failed).toBe(0);
    },
    LONG_MS,
  );

  test(
    'a move that is terminated is found by a look, and its app is put back',
    async () => {
      const { from, decisionId } = await moveUpTo(up, 'ready');
      const claim = await up.store.claim(decisionId);
      // Or the next look would, rightly, bring the app to where it was wanted again.
      const said = { by: 'test', reason: 'it is over' };
      await up.client.workflow.getHandle('app/shop').executeUpdate('clear-override', { args: [said] });
      await up.client.workflow.getHandle(claim?.workflowId ?? '').terminate('a test');
      expect((await ended(up, decisionId)).end).toBe('reverted');
      await clear(up);
      expect(await siteOf(up)).toBe(from);
    },
    LONG_MS,
  );

  test(
    'a worker that freezes longer than its heartbeat and thaws does nothing twice',
    async () => {
      const { to, beganMs, decisionId } = await moveUpTo(up, 'ready');
      const pid = await pidOf('worker', { up, dir });
      process.kill(pid, 'SIGSTOP');
      await wait(8_000);
      process.kill(pid, 'SIGCONT');
      const claim = await ended(up, decisionId);
      await clear(up);
      expect(claim.end).toBe('done');
      const report = await up.platform.report({ fromMs: beganMs, toMs: claim.endedMs ?? Date.now(), boundMs: 500 });
      expect(report.moves.filter((m) => m.switchedMs !== undefined).map((m) => m.to)).toEqual([to]);
      expect(report.apps['shop']?.requests.failed).toBe(0);
    },
    LONG_MS,
  );

  test(
    'no history holds a secret or a payload above 64 KiB',
    async () => {
      const daemon = JSON.parse(await readFile(join(dir, 'cluster', 'daemon.json'), 'utf8')) as { token: string };
      const secrets = [new URL(up.endpoints.databaseUrl).password, daemon.token];
      let largest = 0;
      let histories = 0;
      for await (const { workflowId, runId } of up.client.workflow.list()) {
        histories++;
        for (const text of textsOf(await up.client.workflow.getHandle(workflowId, runId).fetchHistory())) {
          largest = Math.max(largest, Buffer.byteLength(text));
          for (const secret of secrets) expect(secret.length > 10 && text.includes(secret)).toBe(false);
        }
      }
      expect(histories).toBeGreaterThan(10);
      expect(largest).toBeGreaterThan(0);
      expect(largest).toBeLessThanOrEqual(64 * 1024);
    },
    LONG_MS,
  );
});

const built = async (path: string): Promise<unknown> =>
  (await import(/* @vite-ignore */ pathToFileURL(join(root, '.berth/build', path)).href)) as unknown;

async function siteOf({ platform }: Up): Promise<string> {
  let site: string | undefined;
  await until(async () => {
    const at = await platform.actuator.observe('shop');
    site = at.ready && at.busy === undefined ? at.site : undefined;
    return site !== undefined;
  }, 'shop serves');
  return site ?? '';
}

/** Has the app moved to the other site, and returns once the move has entered a phase. */
async function moveUpTo(up: Up, phase: string): Promise<{ from: string; to: string; beganMs: number; decisionId: string }> {
  const from = await siteOf(up);
  const to = from === 'left' ? 'right' : 'left';
  const beganMs = Date.now();
  await override(up, to);
  let claim: Claim | undefined;
  await until(async () => {
    claim = (await up.store.claims({ app: 'shop', limit: 1 })).find((c) => c.openedMs >= beganMs);
    return claim?.phases.some((p) => p.phase === phase) ?? false;
  }, `phase ${phase}`);
  return { from, to, beganMs, decisionId: claim?.decisionId ?? '' };
}

async function override({ client }: Up, site: string): Promise<void> {
  await client.workflow.signalWithStart('placementController', {
    workflowId: 'app/shop',
    taskQueue: 'berth-control',
    args: [{ app: 'shop' }],
    signal: 'override',
    signalArgs: [{ site, by: 'test', reason: 'to be killed' }],
  });
}

/** Takes the override back, and waits until nothing is under way. */
async function clear({ client, store }: Up): Promise<void> {
  await client.workflow.getHandle('app/shop').signal('clear-override', { by: 'test', reason: 'it is over' });
  await until(async () => {
    const [row, open] = [await store.controller('shop'), await store.openClaims()];
    return row?.override === undefined && row?.moving === undefined && open.length === 0;
  }, 'the override taken back');
}

/** The claim at its end. While the database is down nothing can be told. */
async function ended({ store }: Up, decisionId: string): Promise<Claim> {
  let claim: Claim | undefined;
  await until(async () => {
    claim = await store.claim(decisionId).catch(() => undefined);
    return claim?.end !== undefined;
  }, 'the end of the move');
  if (!claim) throw new Error('there is no claim');
  return claim;
}

async function pidOf(victim: Victim, { up, dir }: { up: Up; dir: string }): Promise<number> {
  if (victim === 'worker') {
    const pid = up.workers.pid();
    if (pid === undefined) throw new Error('no worker runs');
    return pid;
  }
  const record = JSON.parse(await readFile(join(dir, victim.toLowerCase(), 'server.json'), 'utf8')) as { server: { pid: number } };
  return record.server.pid;
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (const deadline = Date.now() + 180_000; Date.now() < deadline; await wait(100)) if (await holds()) return;
  throw new Error(`${what} did not come within 180 s`);
}

/** Every text and payload of a history. Walked by hand: the messages' own JSON form would hide payloads as base64. */
function* textsOf(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (value instanceof Uint8Array) yield Buffer.from(value).toString('utf8');
  else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) yield* textsOf(inner);
}
