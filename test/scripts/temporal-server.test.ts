import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRunning, processIdentity } from '../../scripts/platform/lock.ts';
import { startTemporal } from '../../scripts/platform/temporal-server.ts';
import type { TemporalServer } from '../../scripts/platform/temporal-server.ts';
import { listeningAddresses } from './listening-addresses.ts';

let dir = '';
let stops: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'berth-temporal-'));
});

afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  stops = [];
  await rm(dir, { recursive: true, force: true });
});

async function start(name = 'a', options: { dbFile?: boolean } = { dbFile: true }): Promise<TemporalServer> {
  const server = await startTemporal({ dir: join(dir, name), dieWithParent: true, ...options });
  stops.push(() => server.stop());
  return server;
}

async function connected<T>(address: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address, connectTimeout: 5000 });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

describe('the Temporal server of our own', () => {
  test('it has the namespace, the search attributes and a web page, on loopback only', async () => {
    const server = await start('a', { dbFile: false });
    const known = await connected(server.address, (connection) => connection.operatorService.listSearchAttributes({ namespace: 'berth' }));
    expect(Object.keys(known.customAttributes ?? {})).toEqual(
      expect.arrayContaining(['BerthApp', 'BerthSite', 'BerthState', 'BerthPaused', 'BerthModel']),
    );
    expect((await fetch(server.uiUrl)).status).toBe(200);
    const addresses = await listeningAddresses(server.pid);
    expect(addresses).toContain(server.address);
    expect(addresses.filter((address) => !address.startsWith('127.0.0.1:'))).toEqual([]);
  });

  test('a live server is adopted by the second starter, also when both start at once', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    expect(one.pid).toBe(two.pid);
    expect([one.adopted, two.adopted].sort()).toEqual([false, true]);
    expect(await start()).toMatchObject({ adopted: true, pid: one.pid, address: one.address, uiUrl: one.uiUrl });
  });

  test('after kill -9 the next start is at the same address and knows what was going on', async () => {
    const first = await start();
    await connected(first.address, (connection) =>
      connection.workflowService.startWorkflowExecution({
        namespace: 'berth',
        workflowId: 'kept',
        requestId: 'one',
        workflowType: { name: 'none' },
        taskQueue: { name: 'nobody' },
      }),
    );
    process.kill(first.pid, 'SIGKILL');
    const second = await start();
    expect(second).toMatchObject({ adopted: false, address: first.address, uiUrl: first.uiUrl });
    const found = await connected(second.address, (connection) =>
      connection.workflowService.describeWorkflowExecution({ namespace: 'berth', execution: { workflowId: 'kept' } }),
    );
    expect(found.workflowExecutionInfo?.type?.name).toBe('none');
  });

  test('a server whose starter died before writing its record is found by its database file', async () => {
    const first = await start();
    await rm(join(dir, 'a', 'server.json'));
    expect(await start()).toMatchObject({ adopted: true, pid: first.pid, address: first.address });
  });

  test('a record whose number is another process by now is not adopted, and that process is left alone', async () => {
    const first = await start('a', { dbFile: false });
    const record: unknown = JSON.parse(await readFile(join(dir, 'a', 'server.json'), 'utf8'));
    await first.stop();
    await writeFile(
      join(dir, 'a', 'server.json'),
      JSON.stringify({ ...(record as object), server: { pid: process.ppid, identity: 'an earlier one' } }),
    );
    const second = await start('a', { dbFile: false });
    expect(second.adopted).toBe(false);
    expect(processIdentity(process.ppid)).toBeDefined();
  });

  test('two checkouts have a server each', async () => {
    const [one, two] = await Promise.all([start('a', { dbFile: false }), start('b', { dbFile: false })]);
    expect(one.pid).not.toBe(two.pid);
    expect(one.address).not.toBe(two.address);
  });

  test('TEMPORAL_ADDRESS of the shell changes nothing', async () => {
    process.env['TEMPORAL_ADDRESS'] = '127.0.0.1:1';
    process.env['TEMPORAL_NAMESPACE'] = 'elsewhere';
    stops.push(() => {
      delete process.env['TEMPORAL_ADDRESS'];
      delete process.env['TEMPORAL_NAMESPACE'];
      return Promise.resolve();
    });
    const server = await start('a', { dbFile: false });
    expect(server.address).not.toBe('127.0.0.1:1');
    const found = await connected(server.address, (connection) => connection.workflowService.describeNamespace({ namespace: 'berth' }));
    expect(found.namespaceInfo?.name).toBe('berth');
  });

  test('a file of another server version is refused with the two ways out', async () => {
    const first = await start();
    await first.stop();
    await writeFile(join(dir, 'a', 'temporal.db.version'), '1.2.3\n');
    await expect(start()).rejects.toThrow(/made by Temporal server 1\.2\.3.*TEMPORAL_CLI_PATH.*mv /s);
  });

  test('its folder can be entered by the owner only, and a stop leaves no process', async () => {
    const server = await start();
    expect((await stat(join(dir, 'a'))).mode & 0o777).toBe(0o700);
    const identity = processIdentity(server.pid) ?? '';
    expect(await server.stop()).toBe(true);
    expect(isRunning({ pid: server.pid, identity })).toBe(false);
  });
});
