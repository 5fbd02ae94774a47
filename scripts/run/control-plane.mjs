import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './child.mjs';
import { findGo } from './find-go.mjs';
import { withLock } from './lock.mjs';
import { say, timed } from './say.mjs';

const SOURCE = join(checkout(), 'scripts', 'kubernetes', 'control-plane');
const BUILD_MS = 40 * 60_000;

/** How to get one, for whoever has to go on without. */
export const HOW_TO_BUILD =
  'no Kubernetes control plane is built; `npm run test:kubernetes` builds it once (about 5 minutes, needs Go or pip)';

/**
 * The program that is a whole Kubernetes control plane, if it has been built for the sources as they are now.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string | undefined>}
 */
export async function builtControlPlane(env) {
  const file = await programFile(env);
  return existsSync(file) ? file : undefined;
}

/**
 * Builds it once per user and version of the sources; later calls find it. Says what it does.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} throws when there is no Go to be had, or it does not build
 */
export async function buildControlPlane(env) {
  const file = await programFile(env);
  if (existsSync(file)) return file;
  const cache = join(file, '..');
  await mkdir(cache, { recursive: true, mode: 0o700 });
  const onWait = () => say('another run is building the Kubernetes control plane; waiting for it ...');
  await withLock(
    `${file}.lock`,
    async () => {
      if (existsSync(file)) return;
      const go = await findGo(cache, env);
      await timed('building a Kubernetes control plane for the tests, once (about 5 minutes on 2 idle cores, 95 MB of modules)', () =>
        build(go, file, env),
      );
    },
    { onWait, waitMs: BUILD_MS },
  );
  return file;
}

/**
 * @param {string} go
 * @param {string} file
 * @param {NodeJS.ProcessEnv} env
 */
async function build(go, file, env) {
  const folder = await mkdtemp(`${file}.new-`);
  try {
    const made = join(folder, 'control-plane');
    const { code } = await run(go, ['build', '-trimpath', '-ldflags', await linkerFlags(), '-o', made, '.'], {
      cwd: SOURCE,
      env: { ...goEnvironment(go, env) },
      output: 'to-stderr',
    });
    if (code !== 0) throw new Error(`the Kubernetes control plane does not build: go ended with ${code}`);
    await rename(made, file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The version it answers with can only be set at link time. */
async function linkerFlags() {
  const [, version, major, minor] = /k8s\.io\/kubernetes (v(\d+)\.(\d+)\S*)/.exec(await readFile(join(SOURCE, 'go.mod'), 'utf8')) ?? [];
  const at = 'k8s.io/component-base/version';
  return `-s -w -X ${at}.gitVersion=${version} -X ${at}.gitMajor=${major} -X ${at}.gitMinor=${minor}`;
}

/**
 * Pinned modules only, no cgo, no other toolchain, whatever the shell says.
 * @param {string} go
 * @param {NodeJS.ProcessEnv} env
 */
function goEnvironment(go, env) {
  const path = `${join(go, '..')}${delimiter}${env['PATH'] ?? ''}`;
  return { ...env, PATH: path, CGO_ENABLED: '0', GOWORK: 'off', GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly -buildvcs=false' };
}

/** @param {NodeJS.ProcessEnv} env */
async function programFile(env) {
  const given = env['XDG_CACHE_HOME'];
  const cache = given && isAbsolute(given) ? given : join(env['HOME'] || homedir(), '.cache');
  return join(cache, 'berth', `control-plane-${await digestOfSources()}`);
}

async function digestOfSources() {
  const hash = createHash('sha256').update(`${process.platform}/${process.arch}`);
  const names = (await readdir(SOURCE)).filter((name) => /^go\.(mod|sum)$|\.go$/.test(name)).sort();
  for (const name of names) hash.update(`\0${name}\0`).update(await readFile(join(SOURCE, name)));
  return hash.digest('hex').slice(0, 16);
}

/** The root of this checkout, also for what was built from it. */
function checkout() {
  let folder = fileURLToPath(new URL('.', import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== join(folder, '..')) folder = join(folder, '..');
  return folder;
}
