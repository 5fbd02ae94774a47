import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './child.mjs';
import { isRunning, processIdentity } from './process-identity.mjs';
import { say, timed } from './say.mjs';

/** npm writes it last, so a folder without it is the rest of an interrupted installation. */
const INSTALLED = join('node_modules', '.package-lock.json');
/** The npm that works for us, or did last. */
const NOTE = join('.berth', 'npm.process');

/**
 * Whether node_modules is what the lock file says. The stamp only saves reading both lock files in full.
 * @param {string} root
 * @returns {Promise<boolean>}
 */
export async function isInstalled(root) {
  if (!existsSync(join(root, INSTALLED))) return false;
  const digest = await lockDigest(root);
  if ((await readText(join(root, '.berth', 'install.stamp'))) === digest) return true;
  if (!(await agrees(root))) return false;
  await stamp(root);
  return true;
}

/**
 * `npm ci`, then the stamp. Throws when npm fails.
 * @param {string} root
 */
export async function install(root) {
  await outlast(root);
  if (await isInstalled(root)) return;
  await timed('installing the dependencies (npm ci)', async () => {
    const [command, first] = npm();
    // Without the development dependencies there is no compiler; the download of GPU libraries is of no use here and fails behind many networks.
    const args = [...first, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
    const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' };
    const { code } = await run(command, args, { cwd: root, env, output: 'to-stderr', onStart: (pid) => note(root, pid) });
    if (code !== 0) throw new Error(`npm ci ended with ${code}; its output above says why. Fix that and run the same command again`);
    await stamp(root);
  });
}

/**
 * An npm whose parent was killed goes on: two of them in one folder would undo each other's work.
 * @param {string} root
 */
async function outlast(root) {
  const text = await readText(join(root, NOTE));
  if (!text) return;
  /** @type {{ pid: number, identity: string }} */
  const left = JSON.parse(text);
  if (!isRunning(left)) return;
  say(`an earlier run was killed and left its npm ci (process ${left.pid}); waiting for it ...`);
  while (isRunning(left)) await sleep(200);
}

/**
 * @param {string} root
 * @param {number} pid
 */
function note(root, pid) {
  writeFileSync(join(root, NOTE), JSON.stringify({ pid, identity: processIdentity(pid) ?? 'ended' }));
}

/** @returns {[string, string[]]} the npm that started us, else the one on PATH */
export function npm() {
  const own = process.env['npm_execpath'];
  return own && basename(own) === 'npm-cli.js' ? [process.execPath, [own]] : ['npm', []];
}

/** @param {string} root */
async function stamp(root) {
  await writeFile(join(root, '.berth', 'install.stamp'), await lockDigest(root));
}

/** @param {string} root */
async function lockDigest(root) {
  const hash = createHash('sha256');
  for (const file of ['package.json', 'package-lock.json', INSTALLED]) hash.update(await readFile(join(root, file))).update('\0');
  return hash.digest('hex');
}

/**
 * Somebody may have run `npm ci` by hand: then there is nothing to do.
 * @param {string} root
 */
async function agrees(root) {
  const wanted = await packagesOf(join(root, 'package-lock.json'));
  const found = await packagesOf(join(root, INSTALLED));
  const same = Object.entries(found).every(([path, { version }]) => wanted[path]?.version === version);
  const complete = Object.entries(wanted).every(
    ([path, { optional, peer }]) => path === '' || path in found || optional === true || peer === true,
  );
  return same && complete;
}

/**
 * @param {string} file
 * @returns {Promise<Record<string, { version?: string, optional?: boolean, peer?: boolean }>>}
 */
async function packagesOf(file) {
  return JSON.parse(await readFile(file, 'utf8')).packages;
}

/** @param {string} file */
async function readText(file) {
  return existsSync(file) ? await readFile(file, 'utf8') : undefined;
}
