import type { Alias, ModelVersion } from '../../domain/records.ts';
import type { Store } from './types.ts';
import type { Db, Sql, Tx } from './connect.ts';

interface Row {
  readonly key: string;
  readonly version: number;
  readonly onnx_sha256: string;
  readonly contract: string;
  readonly contract_digest: string;
  readonly served_by: ModelVersion['servedBy'];
  readonly report: string;
  readonly profile_id: string;
  readonly created_ms: number;
}
type Change = Parameters<Store['setAlias']>[0];
type RegistryMethods = Pick<Store, 'addModel' | 'model' | 'setAlias' | 'alias' | 'champions' | 'aliasHistory'>;

/** Versions of models and the aliases that say which one serves. */
export function createRegistry(sql: Sql): RegistryMethods {
  /** The champions read last: a version never changes, and every shard of a look asks for all of them. */
  let known: ReadonlyMap<string, ModelVersion> = new Map();
  return {
    addModel: (model) => sql.begin((tx) => addModel(tx, model)),
    async model(key, version) {
      const [row] = await sql<Row[]>`select * from model where key = ${key} and version = ${version}`;
      return row && readModel(row);
    },
    async setAlias(change) {
      await sql.begin((tx) => setAlias(tx, change));
    },
    async alias(key, alias) {
      const [row] = await sql<Row[]>`select m.* from model m join alias a using (key, version) where a.key = ${key} and a.alias = ${alias}`;
      return row && readModel(row);
    },
    async champions() {
      const serving = await sql<{ key: string; version: number }[]>`select key, version from alias where alias = 'champion' order by key`;
      const missing = serving.filter((s) => !known.has(idOf(s)));
      const read = missing.length === 0 ? [] : await readVersions(sql, missing);
      const fresh = new Map(read.map((m) => [idOf(m), m]));
      const champions = serving.flatMap((s) => known.get(idOf(s)) ?? fresh.get(idOf(s)) ?? []);
      known = new Map(champions.map((m) => [idOf(m), m]));
      return champions;
    },
    /** Newest first. */
    async aliasHistory(key) {
      return sql<{ alias: Alias; version: number; by: string; why: string; atMs: number }[]>`
        select alias, version, by_whom as by, why, at_ms as "atMs" from alias_log where key = ${key} order by n desc`;
    },
  };
}

const idOf = ({ key, version }: Pick<ModelVersion, 'key' | 'version'>): string => JSON.stringify([key, version]);

async function readVersions(sql: Sql, wanted: readonly Pick<ModelVersion, 'key' | 'version'>[]): Promise<ModelVersion[]> {
  const rows = await sql<Row[]>`
    select m.* from model m
    join unnest(${wanted.map((w) => w.key)}::text[], ${wanted.map((w) => w.version)}::int4[]) w(key, version) using (key, version)`;
  return rows.map(readModel);
}

async function addModel(tx: Tx, model: Omit<ModelVersion, 'version'>): Promise<ModelVersion> {
  const { key, onnxSha256, contractDigest } = model;
  await lockKey(tx, key);
  const [same] = await tx<
    Row[]
  >`select * from model where key = ${key} and onnx_sha256 = ${onnxSha256} and contract_digest = ${contractDigest}`;
  if (same) return readModel(same);
  const [added] = await tx<Row[]>`
    insert into model (key, version, onnx_sha256, contract, contract_digest, served_by, report, profile_id, created_ms)
    select ${key}, coalesce(max(version), 0) + 1, ${onnxSha256}, ${jsonOf('contract', model.contract)}, ${contractDigest}, ${model.servedBy},
      ${jsonOf('report', model.report)}, ${model.profileId}, ${model.createdMs}
    from model where key = ${key} returning *`;
  if (!added) throw new Error(`model ${key} was not added`);
  return readModel(added);
}

/** A new champion and the one before it change places with `previous` in one step; setting what is already so writes nothing. */
async function setAlias(tx: Tx, change: Change): Promise<void> {
  const { key, alias, version } = change;
  await lockKey(tx, key);
  const [there] = await tx`select 1 from model where key = ${key} and version = ${version}`;
  if (!there) throw new RangeError(`model ${key} has no version ${version}`);
  const current = await versionOf(tx, key, alias);
  if (current === version) return;
  if (alias === 'champion' && current !== undefined) {
    await point(tx, { ...change, alias: 'previous', version: current });
  }
  await point(tx, change);
}

async function versionOf(db: Db, key: string, alias: Alias): Promise<number | undefined> {
  const [row] = await db<{ version: number }[]>`select version from alias where key = ${key} and alias = ${alias}`;
  return row?.version;
}

async function point(tx: Tx, { key, alias, version, by, why, atMs }: Change): Promise<void> {
  await tx`
    insert into alias (key, alias, version) values (${key}, ${alias}, ${version})
    on conflict (key, alias) do update set version = excluded.version`;
  await tx`
    insert into alias_log (key, n, alias, version, by_whom, why, at_ms)
    select ${key}, coalesce(max(n), 0) + 1, ${alias}, ${version}, ${by}, ${why}, ${atMs} from alias_log where key = ${key}`;
}

async function lockKey(tx: Tx, key: string): Promise<void> {
  await tx`insert into model_key (key) values (${key}) on conflict do nothing`;
  await tx`select 1 from model_key where key = ${key} for update`;
}

function jsonOf(field: string, value: unknown): string {
  const text = JSON.stringify(value);
  if (text === undefined) throw new RangeError(`${field} of a model must be JSON, got ${typeof value}`);
  return text;
}

function readModel(row: Row): ModelVersion {
  return {
    key: row.key,
    version: row.version,
    onnxSha256: row.onnx_sha256,
    contract: JSON.parse(row.contract) as unknown,
    contractDigest: row.contract_digest,
    servedBy: row.served_by,
    report: JSON.parse(row.report) as unknown,
    profileId: row.profile_id,
    createdMs: row.created_ms,
  };
}
