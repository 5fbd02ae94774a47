import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDatabase, dropDatabase, removePostgres, startPostgres } from '../../scripts/platform/postgres-server.ts';
import type { PostgresServer } from '../../scripts/platform/postgres-server.ts';
import { listeningAddresses } from './listening-addresses.ts';

let dir = '';
let stops: (() => Promise<unknown>)[] = [];
let folders = new Set<string>();

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'berth-postgres-'));
});

afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  stops = [];
  for (const folder of folders) await removePostgres(folder);
  folders = new Set();
  await rm(dir, { recursive: true, force: true });
});

async function start(name = 'a'): Promise<PostgresServer> {
  const folder = join(dir, name);
  folders.add(folder);
  const server = await startPostgres({ dir: folder, fsync: false, dieWithParent: true });
  stops.push(() => server.stop());
  return server;
}

async function ask<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

describe('the embedded Postgres', () => {
  test('a live server is adopted by the second starter', async () => {
    const first = await start();
    const second = await start();
    expect(first.adopted).toBe(false);
    expect(second).toMatchObject({ adopted: true, pid: first.pid, url: first.url });
  });

  test('two starters at the same time start one server', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    expect(one.pid).toBe(two.pid);
    expect([one.adopted, two.adopted].sort()).toEqual([false, true]);
  });

  test('after kill -9 the next start is on the same port and has every committed row', async () => {
    const first = await start();
    await ask(first.url, async (sql) => {
      await sql`create table kept (n int)`;
      await sql`insert into kept values (7)`;
    });
    process.kill(first.pid, 'SIGKILL');
    const second = await start();
    expect(second).toMatchObject({ adopted: false, port: first.port });
    expect(second.pid).not.toBe(first.pid);
    expect(await ask(second.url, (sql) => sql`select n from kept`)).toEqual([{ n: 7 }]);
  });

  test('two checkouts have a server, a password and a port each', async () => {
    const [one, two] = await Promise.all([start('a'), start('b')]);
    expect(one.pid).not.toBe(two.pid);
    expect(one.port).not.toBe(two.port);
    expect(await readFile(join(dir, 'a', 'password'), 'utf8')).not.toBe(await readFile(join(dir, 'b', 'password'), 'utf8'));
  });

  test('after a stop nothing runs and the next start keeps the port', async () => {
    const first = await start();
    expect(await first.stop()).toBe(true);
    const second = await start();
    expect(second).toMatchObject({ adopted: false, port: first.port });
  });
});

describe('a Postgres that runs', () => {
  let home = '';
  let server: PostgresServer;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'berth-postgres-'));
    process.env['DATABASE_URL'] = 'postgres://nobody:x@127.0.0.1:1/elsewhere';
    process.env['PGPORT'] = '1';
    server = await startPostgres({ dir: home, fsync: false, dieWithParent: true });
  });

  afterAll(async () => {
    delete process.env['DATABASE_URL'];
    delete process.env['PGPORT'];
    await server.stop();
    await removePostgres(home);
  });

  test('does not hear of the DATABASE_URL and PGPORT of the shell', async () => {
    const { url, port } = server;
    expect(url).toContain(`@127.0.0.1:${port}/berth`);
    expect(await ask(url, (sql) => sql`select current_database() as name`)).toEqual([{ name: 'berth' }]);
  });

  test('has a password file for its owner alone, and without the password nobody comes in', async () => {
    expect((await stat(join(home, 'password'))).mode & 0o777).toBe(0o600);
    const wrong = new URL(server.url);
    wrong.password = 'guess';
    await expect(ask(wrong.href, (sql) => sql`select 1`)).rejects.toThrow(/password authentication failed/);
  });

  test('listens on loopback only', async () => {
    expect(await listeningAddresses(server.pid)).toEqual([`127.0.0.1:${server.port}`]);
  });

  test('has every acknowledged commit on disk: synchronous_commit is on', async () => {
    expect(await ask(server.url, (sql) => sql`show synchronous_commit`)).toEqual([{ synchronous_commit: 'on' }]);
  });

  test('makes a database once and drops it with whoever is connected', async () => {
    const own = await createDatabase(server.url, 'own');
    expect(await createDatabase(server.url, 'own')).toBe(own);
    expect(await ask(own, (sql) => sql`select current_database() as name`)).toEqual([{ name: 'own' }]);
    await dropDatabase(server.url, 'own');
    await expect(ask(own, (sql) => sql`select 1`)).rejects.toThrow(/does not exist/);
  });
});
