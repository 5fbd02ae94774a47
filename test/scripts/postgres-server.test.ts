import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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

  test("its password file is only the owner's, and without the password nobody comes in", async () => {
    const { url } = await start();
    expect((await stat(join(dir, 'a', 'password'))).mode & 0o777).toBe(0o600);
    const wrong = new URL(url);
    wrong.password = 'guess';
    await expect(ask(wrong.href, (sql) => sql`select 1`)).rejects.toThrow(/password authentication failed/);
  });

  test('it listens on loopback only', async () => {
    const { port, pid } = await start();
    const addresses = await listeningAddresses(pid);
    expect(addresses).toEqual([`127.0.0.1:${port}`]);
  });

  test('DATABASE_URL and PGHOST of the shell change nothing', async () => {
    process.env['DATABASE_URL'] = 'postgres://nobody:x@127.0.0.1:1/elsewhere';
    process.env['PGPORT'] = '1';
    stops.push(() => {
      delete process.env['DATABASE_URL'];
      delete process.env['PGPORT'];
      return Promise.resolve();
    });
    const { url, port } = await start();
    expect(url).toContain(`@127.0.0.1:${port}/berth`);
    expect(await ask(url, (sql) => sql`select current_database() as name`)).toEqual([{ name: 'berth' }]);
  });

  test('acknowledged commits are on disk: synchronous_commit is on', async () => {
    const { url } = await start();
    expect(await ask(url, (sql) => sql`show synchronous_commit`)).toEqual([{ synchronous_commit: 'on' }]);
  });

  test('a database is made once and dropped with whoever is connected', async () => {
    const { url } = await start();
    const own = await createDatabase(url, 'own');
    expect(await createDatabase(url, 'own')).toBe(own);
    expect(await ask(own, (sql) => sql`select current_database() as name`)).toEqual([{ name: 'own' }]);
    await dropDatabase(url, 'own');
    await expect(ask(own, (sql) => sql`select 1`)).rejects.toThrow(/does not exist/);
  });

  test('after a stop nothing runs and the next start keeps the port', async () => {
    const first = await start();
    expect(await first.stop()).toBe(true);
    const second = await start();
    expect(second).toMatchObject({ adopted: false, port: first.port });
  });
});
