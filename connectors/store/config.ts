import { createHash } from 'node:crypto';
import { type Config, configSchema } from '../../domain/config.ts';
import type { AppliedConfig } from '../../domain/records.ts';
import type { Store } from './types.ts';
import type { Db, Sql, Tx } from './connect.ts';
import { lockFor } from './locks.ts';
import type { Kind, Names } from './names.ts';

/** Versions that are kept parsed: the one in force, and those of looks whose outcomes are still to come. */
const KEPT_PARSED = 8;

export type Configs = ReturnType<typeof createConfigs>;

/** Applied configurations, every version of which is kept: earlier looks refer to them. */
export function createConfigs(sql: Sql, names: Names) {
  const parsed = new Map<number, Config>();
  let applied: AppliedConfig | undefined;

  async function ofVersion(version: number, db: Db = sql): Promise<Config> {
    const cached = parsed.get(version);
    if (cached) return cached;
    const [row] = await db<{ body: string }[]>`select body from config where version = ${version}`;
    if (!row) throw new Error(`the configuration ${version} is not in the store`);
    const config = withDefaults(JSON.parse(row.body) as Config);
    parsed.set(version, config);
    for (const old of [...parsed.keys()].slice(0, -KEPT_PARSED)) parsed.delete(old);
    return config;
  }

  /** The version in force, read inside the caller's transaction; undefined before the first `apply`. */
  async function inForce(db: Db = sql): Promise<{ version: number; config: Config } | undefined> {
    const [row] = await db<{ version: number | null }[]>`select max(version) as version from config`;
    if (!row || row.version === null) return undefined;
    return { version: row.version, config: await ofVersion(row.version, db) };
  }

  const methods: Pick<Store, 'applyConfig' | 'config' | 'configOf'> = {
    configOf: (version) => ofVersion(version),
    async applyConfig(config, by, nowMs) {
      const body = JSON.stringify(config);
      const digest = createHash('sha256').update(body).digest('hex');
      return sql.begin(async (tx) => {
        await lockFor(tx, 'names');
        const [newest] = await tx<{ version: number; digest: string }[]>`select version, digest from config order by version desc limit 1`;
        if (newest?.digest === digest) return { version: newest.version, changed: false };
        const version = (newest?.version ?? 0) + 1;
        await addNames(tx, 'app', Object.keys(config.apps));
        await addNames(tx, 'site', Object.keys(config.sites));
        await tx`insert into config (version, digest, body, applied_by, applied_ms) values (${version}, ${digest}, ${body}, ${by}, ${nowMs})`;
        return { version, changed: true };
      });
    },
    async config(): Promise<AppliedConfig | undefined> {
      const found = await inForce();
      if (!found || found.version === applied?.version) return found && applied;
      // All names that ever were: rows of an app that was taken out still carry its id.
      applied = { ...found, appIds: await names.all('app'), siteIds: await names.all('site') };
      return applied;
    },
  };
  return { ofVersion, inForce, methods };
}

/** A configuration that an older build applied lacks what has come since: it gets the defaults. One that this build would refuse stays as it was. */
function withDefaults(stored: Config): Config {
  return configSchema.safeParse(stored).data ?? stored;
}

/** New names take the next ids in the order in which they stand in the configuration. */
async function addNames(tx: Tx, kind: Kind, wanted: readonly string[]): Promise<void> {
  await tx`
    insert into ${tx(kind)} (id, name)
    select (select coalesce(max(id), 0) from ${tx(kind)}) + row_number() over (order by i), n
    from unnest(${[...wanted]}::text[]) with ordinality u(n, i)
    where not exists (select 1 from ${tx(kind)} k where k.name = u.n)`;
}
