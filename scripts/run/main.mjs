import { existsSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, buildFolder, isBuilt } from './build.mjs';
import { check } from './check.mjs';
import { Interrupted, runScript } from './child.mjs';
import { buildControlPlane } from './control-plane.mjs';
import { install, isInstalled } from './install.mjs';
import { withLock } from './lock.mjs';
import { say } from './say.mjs';
import { test } from './test.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMMANDS = 'setup | demo | start | test | test:kubernetes | test:model | control-plane | check | bench | chaos | berth';

/**
 * @param {readonly string[]} argv
 * @returns {Promise<number>} the exit code
 */
export async function main([command, ...args]) {
  try {
    return await carryOut(command, args);
  } catch (error) {
    say(`berth: ${error instanceof Error ? error.message : String(error)}`);
    return error instanceof Interrupted ? error.code : 1;
  }
}

/**
 * @param {string | undefined} command
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
async function carryOut(command, args) {
  switch (command) {
    case 'setup':
      return await setup();
    case 'demo':
    case 'start':
    case 'bench':
    case 'chaos':
    case 'berth':
      await prepare({ needsBuild: true });
      return await runBuilt(`${command}.js`, args);
    case 'test':
      await prepare({ needsBuild: false });
      return await test(ROOT, args);
    case 'test:kubernetes':
      await prepare({ needsBuild: false });
      await buildControlPlane(process.env);
      return await test(ROOT, args.length > 0 ? args : ['kubernetes']);
    case 'test:model':
      await prepare({ needsBuild: false });
      return await test(ROOT, ['--config', 'test/model/model.config.ts', ...args]);
    case 'control-plane':
      await buildControlPlane(process.env);
      return 0;
    case 'check':
      await prepare({ needsBuild: false });
      return await check(ROOT);
    default:
      say(
        `usage: node scripts/run.mjs <${COMMANDS}> [arguments]${command === undefined ? '' : `; there is no ${JSON.stringify(command)}`}`,
      );
      return 2;
  }
}

/** Everything a demo or a test needs, so that they work without a network afterwards. */
async function setup() {
  await prepare({ needsBuild: true });
  const code = await runBuilt('platform/provision.js', []);
  if (code === 0) say('berth is set up. Next: npm run demo');
  return code;
}

/**
 * Brings dependencies and build up to date; says nothing when they are. One run at a time does it, others wait for it.
 * @param {{ needsBuild: boolean }} what
 */
async function prepare({ needsBuild }) {
  await makeStateFolder();
  const ready = async () => (await isInstalled(ROOT)) && (!needsBuild || (await isBuilt(ROOT)));
  if (await ready()) return;
  const onWait = () => say('another run is setting up this checkout; waiting for it ...');
  await withLock(
    join(ROOT, '.berth', 'setup.lock'),
    async () => {
      if (!(await isInstalled(ROOT))) await install(ROOT);
      if (needsBuild && !(await isBuilt(ROOT))) await build(ROOT);
    },
    { onWait },
  );
}

async function makeStateFolder() {
  const folder = join(ROOT, '.berth');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
}

/**
 * @param {string} name
 * @param {readonly string[]} args
 */
async function runBuilt(name, args) {
  const script = join(buildFolder(ROOT), 'scripts', name);
  if (!existsSync(script)) throw new Error(`this checkout has no scripts/${name.replace(/\.js$/, '.ts')}`);
  return await runScript(script, args, process.cwd());
}
