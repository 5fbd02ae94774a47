import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isRunning, ownIdentity, processIdentity, readLock, withLock } from '../../scripts/platform/lock.ts';

let dir = '';
let file = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'berth-lock-'));
  file = join(dir, 'a.lock');
});

afterEach(() => rm(dir, { recursive: true, force: true }));

test('work under one lock never overlaps, and nothing is left behind', async () => {
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    inside++;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside--;
  };
  await Promise.all(Array.from({ length: 8 }, () => withLock(file, work)));
  expect(most).toBe(1);
  expect(await readdir(dir)).toEqual([]);
});

test('the lock of a process that is gone is broken, by one of many at a time', async () => {
  await writeFile(file, JSON.stringify({ pid: process.pid, identity: 'an earlier process of this number', nonce: 'x' }));
  const order: string[] = [];
  await Promise.all(['a', 'b', 'c'].map((name) => withLock(file, () => Promise.resolve(order.push(name)))));
  expect(order.sort()).toEqual(['a', 'b', 'c']);
});

test('a lock that was never written out is broken once it is old', async () => {
  await writeFile(file, '');
  const before = new Date(Date.now() - 60_000);
  await utimes(file, before, before);
  expect(await withLock(file, () => Promise.resolve('in'), { waitMs: 1000 })).toBe('in');
});

test('the lock of a living process holds, and the message names it', async () => {
  await withLock(file, async () => {
    expect(await readLock(file)).toMatchObject({ pid: process.pid });
    await expect(withLock(file, () => Promise.resolve(1), { waitMs: 0 })).rejects.toThrow(`process ${process.pid} has held`);
  });
});

test('work that throws gives the lock back', async () => {
  await expect(withLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withLock(file, () => Promise.resolve('again'), { waitMs: 0 })).toBe('again');
});

test('a process is told from a later one with its number, and from no process', async () => {
  expect(isRunning(ownIdentity())).toBe(true);
  const child = spawn('sleep', ['60']);
  const who = { pid: child.pid ?? 0, identity: processIdentity(child.pid ?? 0) ?? '' };
  expect(isRunning(who)).toBe(true);
  expect(who.identity).not.toBe(ownIdentity().identity);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  expect(isRunning(who)).toBe(false);
});
