import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './child.mjs';
import { timed } from './say.mjs';

const FOLDERS = ['workflows', 'activities', 'domain', 'learning', 'connectors', 'workers', 'api', 'scripts'];
const FILES = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
const BUNDLE = ['workflow-bundle.js', 'workflow-bundle.stamp'];

/**
 * @param {string} root
 * @returns {Promise<boolean>} whether .berth/build was made from the sources as they are now
 */
export async function isBuilt(root) {
  const build = buildFolder(root);
  if ((await readText(join(build, 'stamp'))) !== (await sourceDigest(root))) return false;
  return !hasWorkflows(root) || existsSync(join(build, 'workflow-bundle.js'));
}

/**
 * Compiles into a folder of its own and swaps it in, so that a run that is interrupted leaves the old build or none, never half of one.
 * Throws when the sources do not compile.
 * @param {string} root
 */
export async function build(root) {
  const digest = await sourceDigest(root);
  await timed('building', async () => {
    const fresh = join(root, '.berth', 'build.new');
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh, { recursive: true });
    await compile(root, fresh);
    await keepBundle(buildFolder(root), fresh);
    await swap(buildFolder(root), fresh);
    if (hasWorkflows(root)) await bundle(root);
    await writeFile(join(buildFolder(root), 'stamp'), digest);
  });
}

/** @param {string} root */
export function buildFolder(root) {
  return join(root, '.berth', 'build');
}

/**
 * @param {string} root
 * @param {string} outDir
 */
async function compile(root, outDir) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { code, text } = await run(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', outDir], {
    cwd: root,
    output: 'collect',
  });
  if (code !== 0) throw new Error(`the sources do not compile:\n${text.trim()}`);
}

/**
 * The bundle depends on the compiled workflows alone, so it outlives a build that did not change them.
 * @param {string} from
 * @param {string} to
 */
async function keepBundle(from, to) {
  if (!BUNDLE.every((name) => existsSync(join(from, name)))) return;
  for (const name of BUNDLE) await copyFile(join(from, name), join(to, name));
}

/**
 * @param {string} current
 * @param {string} fresh
 */
async function swap(current, fresh) {
  const old = `${current}.old`;
  await rm(old, { recursive: true, force: true });
  if (existsSync(current)) await rename(current, old);
  await rename(fresh, current);
  await rm(old, { recursive: true, force: true });
}

/** @param {string} root */
async function bundle(root) {
  const folder = buildFolder(root);
  const script = join(folder, 'scripts', 'platform', 'bundle-workflows.js');
  const { code, text } = await run(process.execPath, [script, join(folder, 'workflows', 'index.js'), join(folder, 'workflow-bundle.js')], {
    cwd: root,
    output: 'collect',
  });
  if (code !== 0) throw new Error(`the workflows cannot be bundled:\n${text.trim()}`);
}

/** @param {string} root */
function hasWorkflows(root) {
  return existsSync(join(root, 'workflows', 'index.ts'));
}

/** @param {string} root */
async function sourceDigest(root) {
  const hash = createHash('sha256').update(process.versions.node);
  for (const file of FILES) hash.update(await readFile(join(root, file))).update('\0');
  for (const folder of FOLDERS) {
    if (!existsSync(join(root, folder))) continue;
    const names = (await readdir(join(root, folder), { recursive: true })).filter((name) => /\.(?:ts|mjs|json)$/.test(name)).sort();
    for (const name of names) hash.update(`${folder}/${name}\0`).update(await readFile(join(root, folder, name)));
  }
  return hash.digest('hex');
}

/** @param {string} file */
async function readText(file) {
  return existsSync(file) ? await readFile(file, 'utf8') : undefined;
}
