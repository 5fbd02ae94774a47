import postgres from 'postgres';

/** Makes database `name` on the server of `url` unless it exists, and returns its url. */
export async function createDatabase(url: string, name: string): Promise<string> {
  await administer(url, async (sql) => {
    const found = await sql`select 1 from pg_database where datname = ${name}`;
    if (found.length === 0) await sql`create database ${sql(name)}`;
  });
  return databaseUrl(url, name);
}

/** Drops database `name` with whoever is still connected to it; one that does not exist is no error. */
export async function dropDatabase(url: string, name: string): Promise<void> {
  await administer(url, async (sql) => void (await sql`drop database if exists ${sql(name)} with (force)`));
}

/** The url of another database of the same server. */
export function databaseUrl(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(name)}`;
  return changed.href;
}

async function administer(url: string, work: (sql: postgres.Sql) => Promise<void>): Promise<void> {
  const sql = postgres(databaseUrl(url, 'postgres'), { max: 1, connect_timeout: 10, onnotice: () => undefined });
  try {
    await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
