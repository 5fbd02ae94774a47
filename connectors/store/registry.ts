import type { Alias, ModelChange, ModelVersion } from '../../domain/records.ts';
import type { Store } from './types.ts';
import type { Db, Sql, Tx } from './connect.ts';
import { lockFor } from './locks.ts';

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
  readonly held_out_sha256: string | null;
}
type Change = Parameters<Store['setAlias']>[0];
type RegistryMethods = Pick<
  Store,
  'addModel' | 'model' | 'models' | 'setAlias' | 'noteVersion' | 'alias' | 'champions' | 'servedAt' | 'aliasHistory'
>;

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
    async models(key) {
      return (await sql<Row[]>`select * from model where key = ${key} order by version desc`).map(readModel);
    },
    async noteVersion({ what, ...note }) {
      await sql.begin(async (tx) => {
        await lockKey(tx, note.key);
        await log(tx, { ...note, alias: what });
      });
    },
    async servedAt(key, atMs) {
      const [change] = await sql<ModelChange[]>`
        select ${CHANGE(sql)} from alias_log where key = ${key} and alias = 'champion' and at_ms <= ${atMs} order by seq desc limit 1`;
      if (!change) return undefined;
      const [row] = await sql<Row[]>`select * from model where key = ${key} and version = ${change.version}`;
      return row && { model: readModel(row), change };
    },
    async champions(lookMs) {
      const serving = await servingAt(sql, lookMs);
      const missing = serving.filter((s) => !known.has(idOf(s)));
      const read = missing.length === 0 ? [] : await readVersions(sql, missing);
      const fresh = new Map(read.map((m) => [idOf(m), m]));
      const champions = serving.flatMap((s) => known.get(idOf(s)) ?? fresh.get(idOf(s)) ?? []);
      known = new Map(champions.map((m) => [idOf(m), m]));
      return champions;
    },
    async aliasHistory(key) {
      return sql<ModelChange[]>`select ${CHANGE(sql)} from alias_log where key = ${key} order by n desc`;
    },
  };
}

const CHANGE = (db: Db) => db`alias, version, by_whom as by, why, at_ms as "atMs"`;

/** Of a look whose aliases have not changed since, which is nearly always, the present ones are its own. */
async function servingAt(sql: Sql, lookMs: number | undefined): Promise<readonly Pick<ModelVersion, 'key' | 'version'>[]> {
  const [pinned] =
    lookMs === undefined
      ? []
      : await sql<{ seq: number }[]>`
          select alias_seq as seq from look where look_ms = ${lookMs} and alias_seq < (select max(seq) from alias_log)`;
  if (!pinned) return sql`select key, version from alias where alias = 'champion' order by key`;
  return sql`
    select distinct on (key) key, version from alias_log where alias = 'champion' and seq <= ${pinned.seq} order by key, seq desc`;
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
    insert into model (key, version, onnx_sha256, contract, contract_digest, served_by, report, profile_id, created_ms, held_out_sha256)
    select ${key}, coalesce(max(version), 0) + 1, ${onnxSha256}, ${jsonOf('contract', model.contract)}, ${contractDigest}, ${model.servedBy},
      ${jsonOf('report', model.report)}, ${model.profileId}, ${model.createdMs}, ${model.heldOutSha256 ?? null}
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
  await log(tx, { key, alias, version, by, why, atMs });
}

/** The lock makes the numbers those of the order of the commits: whoever sees one sees all before it. */
async function log(tx: Tx, { key, alias, version, by, why, atMs }: ModelChange & { key: string }): Promise<void> {
  await lockFor(tx, 'aliases');
  await tx`
    insert into alias_log (key, n, seq, alias, version, by_whom, why, at_ms)
    select ${key}, (select coalesce(max(n), 0) + 1 from alias_log where key = ${key}), coalesce(max(seq), 0) + 1,
      ${alias}, ${version}, ${by}, ${why}, ${atMs} from alias_log`;
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
    ...(row.held_out_sha256 !== null && { heldOutSha256: row.held_out_sha256 }),
  };
}
