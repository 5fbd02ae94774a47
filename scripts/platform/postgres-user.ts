import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Names the folder of the database files when they cannot lie beside it. */
const POINTER = 'postgres-home';

export interface UnixUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Postgres refuses to run as root. As root: the existing user it runs as instead; otherwise undefined = ourselves. No account is made. */
export function postgresUser(): UnixUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const uid = idOf(name, '-u');
    const gid = idOf(name, '-g');
    if (uid !== undefined && gid !== undefined && uid !== 0) return { name, uid, gid };
  }
  throw new Error(
    'Postgres does not run as root, and there is neither a user postgres nor a user nobody to run it as: start berth as an ordinary user',
  );
}

/**
 * The folder of the database files: `dir` itself, or as root a folder that only the other user can enter, remembered in `dir`.
 * Its name is random, because /var/tmp is everybody's; a remembered folder that is not that user's is refused.
 */
export async function postgresHome(dir: string, user: UnixUser | undefined): Promise<string> {
  return (await knownHome(dir, user)) ?? (await makeHome(dir, user));
}

/** As `postgresHome`, but undefined when none was made yet. */
export async function knownHome(dir: string, user: UnixUser | undefined): Promise<string | undefined> {
  if (!user) return dir;
  const pointer = join(dir, POINTER);
  const known = existsSync(pointer) ? (await readFile(pointer, 'utf8')).trim() : undefined;
  if (!known || !existsSync(known)) return undefined;
  const { uid, mode } = await stat(known);
  if (uid !== user.uid)
    throw new Error(`${known}, where ${dir} keeps its database, belongs to user ${uid} and not to ${user.name} (${user.uid})`);
  if ((mode & 0o077) !== 0) await chmod(known, 0o700);
  return known;
}

async function makeHome(dir: string, user: UnixUser | undefined): Promise<string> {
  if (!user) return dir;
  const pointer = join(dir, POINTER);
  await mkdir('/var/tmp', { recursive: true });
  const home = await mkdtemp('/var/tmp/berth-');
  await writeFile(join(home, 'BELONGS_TO'), `${dir}\n`);
  await chown(home, user.uid, user.gid);
  await writeFile(`${pointer}.new`, `${home}\n`, { mode: 0o600 });
  await rename(`${pointer}.new`, pointer);
  return home;
}

function idOf(name: string, flag: '-u' | '-g'): number | undefined {
  try {
    return Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch (error) {
    if ((error as { status?: number }).status === 1) return undefined;
    throw error;
  }
}
