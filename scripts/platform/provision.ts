import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgresBinaries } from './postgres-binaries.ts';
import { postgresUser } from './postgres-user.ts';
import { temporalBinary } from './temporal-binary.ts';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** What a demo or a test would otherwise do at its start: get the temporal program, and see that Postgres runs here. */
async function provision(): Promise<void> {
  const temporal = await temporalBinary({ say });
  say(`temporal ${temporal.version} (server ${temporal.server}): ${temporal.path}`);
  const user = postgresUser();
  const home = await mkdtemp(join(tmpdir(), 'berth-provision-'));
  try {
    if (user) await chown(home, user.uid, user.gid);
    await postgresBinaries(home, user);
    say(`Postgres: runs here${user ? ` as the existing user ${user.name}, because it refuses to run as root` : ''}`);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

try {
  await provision();
} catch (error) {
  say(`berth: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
