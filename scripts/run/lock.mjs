import { randomUUID } from 'node:crypto';
import { readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, ownIdentity } from './process-identity.mjs';

/** A lock file without readable content for so long was left by a process that died between creating and writing it. */
const UNWRITTEN_MS = 5_000;

/**
 * @typedef {{ pid: number, identity: string, nonce: string }} Holder
 */

/**
 * Runs `work` while no other process runs work under the same file. The lock of a process that died is broken.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {{ waitMs?: number, onWait?: (holder: Holder | undefined) => void }} [options] waitMs: how long to wait for the holder, 15 minutes by default
 * @returns {Promise<T>}
 */
export async function withLock(file, work, options = {}) {
  const holder = { ...ownIdentity(), nonce: randomUUID() };
  await acquire(file, holder, options);
  try {
    return await work();
  } finally {
    if ((await readLock(file))?.nonce === holder.nonce) await unlink(file);
  }
}

/**
 * Who holds the lock; undefined = nobody, or it is just being written.
 * @param {string} file
 * @returns {Promise<Holder | undefined>}
 */
export async function readLock(file) {
  const text = await readFile(file, 'utf8').catch(ignoreCode('ENOENT'));
  if (!text) return undefined;
  const raw = parsed(text);
  return raw && typeof raw.pid === 'number' && typeof raw.identity === 'string' && typeof raw.nonce === 'string'
    ? { pid: raw.pid, identity: raw.identity, nonce: raw.nonce }
    : undefined;
}

/**
 * @param {string} file
 * @param {Holder} holder
 * @param {{ waitMs?: number, onWait?: (holder: Holder | undefined) => void }} options
 */
async function acquire(file, holder, { waitMs = 900_000, onWait }) {
  const deadline = Date.now() + waitMs;
  for (let round = 0; ; round++) {
    if (await create(file, holder)) return;
    if (await isAbandoned(file)) {
      await breakLock(file);
      continue;
    }
    if (Date.now() > deadline) throw new Error(await heldTooLong(file, waitMs));
    if (round === 0) onWait?.(await readLock(file));
    await sleep(Math.min(50 * (round + 1), 500));
  }
}

/**
 * @param {string} file
 * @param {Holder} holder
 */
async function create(file, holder) {
  try {
    await writeFile(file, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** @param {string} file */
async function isAbandoned(file) {
  const holder = await readLock(file);
  if (holder) return !isRunning(holder);
  const age = await ageMs(file);
  return age !== undefined && age > UNWRITTEN_MS;
}

/**
 * Only one process at a time may remove a lock, and only after seeing under that right that it is still abandoned:
 * otherwise a slow one would remove the lock that a quick one has just taken.
 * @param {string} file
 */
async function breakLock(file) {
  const right = `${file}.break`;
  if (!(await create(right, { ...ownIdentity(), nonce: randomUUID() }))) {
    const age = await ageMs(right);
    if (age !== undefined && age > 2 * UNWRITTEN_MS) await unlink(right).catch(ignoreCode('ENOENT'));
    else await sleep(20);
    return;
  }
  try {
    if (await isAbandoned(file)) await unlink(file).catch(ignoreCode('ENOENT'));
  } finally {
    await unlink(right).catch(ignoreCode('ENOENT'));
  }
}

/**
 * @param {string} file
 * @param {number} waitMs
 */
async function heldTooLong(file, waitMs) {
  const holder = await readLock(file);
  const who = holder ? `process ${holder.pid}` : 'another process';
  return `${who} has held ${file} for more than ${Math.round(waitMs / 1000)} s; stop it or wait for it`;
}

/** @param {string} file */
async function ageMs(file) {
  const found = await stat(file).catch(ignoreCode('ENOENT'));
  return found ? Date.now() - found.mtimeMs : undefined;
}

/**
 * @param {string} text
 * @returns {Record<string, unknown> | undefined}
 */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    // Half written: it is its writer's turn to finish, or its age will tell.
    return undefined;
  }
}

/** @param {string} code */
function ignoreCode(code) {
  return (/** @type {unknown} */ error) => {
    if (codeOf(error) !== code) throw error;
    return undefined;
  };
}

/** @param {unknown} error */
function codeOf(error) {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
