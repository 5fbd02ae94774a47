import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { environmentWithout } from './server-process.ts';
import type { UnixUser } from './postgres-user.ts';
import { runProgram } from './run-program.ts';

export const ROLE = 'berth';

export interface Cluster {
  /** The data folder of Postgres. */
  readonly data: string;
  readonly password: string;
}

export interface ClusterPlace {
  /** Where the password file lies: ours. */
  readonly dir: string;
  /** Where the data folder lies: of the user that runs Postgres. */
  readonly home: string;
  readonly user: UnixUser | undefined;
  /** Write the new files through to the disk. */
  readonly sync: boolean;
}

/** Finds the cluster or makes it, all of it or nothing. Throws when its password file is gone: then nobody can enter it. */
export async function ensureCluster(place: ClusterPlace, binaries: PostgresBinaries): Promise<Cluster> {
  const data = join(place.home, 'data');
  const file = join(place.dir, 'password');
  if (existsSync(join(data, 'PG_VERSION'))) {
    if (!existsSync(file))
      throw new Error(
        `${data} is a database whose password file ${file} is gone; move the folder away to begin anew: mv '${data}' '${data}.old'`,
      );
    await chmod(file, 0o600);
    return { data, password: (await readFile(file, 'utf8')).trim() };
  }
  const password = randomBytes(24).toString('base64url');
  await rm(file, { force: true });
  await writeFile(file, `${password}\n`, { mode: 0o600, flag: 'wx' });
  await initialise(place, binaries, { data, password });
  return { data, password };
}

async function initialise({ home, user, sync }: ClusterPlace, { initdb }: PostgresBinaries, { data, password }: Cluster): Promise<void> {
  const fresh = `${data}.new`;
  const passwordFile = join(home, 'initial-password');
  await rm(fresh, { recursive: true, force: true });
  await rm(passwordFile, { force: true });
  try {
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600, flag: 'wx' });
    if (user) await chown(passwordFile, user.uid, user.gid);
    const args = [
      '-D',
      fresh,
      '-U',
      ROLE,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--no-instructions',
      ...(sync ? [] : ['--no-sync']),
    ];
    // The built-in provider sorts the same on every machine, whatever locales it has.
    const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
    const env = environmentWithout('PG', 'LC_', 'LANG', 'DATABASE_URL');
    const as = user ? { uid: user.uid, gid: user.gid } : {};
    const { code, text } = await runProgram(initdb, [...args, ...locale], { deadlineMs: 120_000, cwd: home, env, ...as });
    if (code !== 0) throw new Error(`initdb ended with ${code}: ${text.trim()}`);
    await rename(fresh, data);
  } finally {
    await rm(passwordFile, { force: true });
  }
}
