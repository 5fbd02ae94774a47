import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folderBlobs } from '../../../connectors/blobs/folder.ts';
import { backup } from '../../../connectors/store/backup.ts';
import { restore } from '../../../connectors/store/restore.ts';
import { TABLES } from '../../../connectors/store/backup-manifest.ts';
import { openStore } from '../../../connectors/store/store.ts';
import { connect } from '../../../connectors/store/connect.ts';
import { testDatabase } from '../../setup/servers.ts';
import { T0, withStore } from './store-fixture.ts';

const fixture = withStore();
let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'berth-backup-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const sha = 'f'.repeat(64);

/** One row or more in every table, with the values that are easily lost on the way. */
async function fill(frame: string): Promise<void> {
  const { store } = fixture;
  const lookMs = T0 + 5000;
  for (let i = 0; i < 40; i++) {
    await store.appendScrape({
      atMs: T0 + i * 1000,
      sites: [{ site: 's0', values: { cpu_cores: 0.1 * i } }],
      apps: [{ app: 'a0', placed: 's0', values: { kpi_p99_ms: 20 + 1 / 3 } }],
    });
  }
  await store.openLook({ lookMs, configVersion: 1, openedMs: lookMs, recordOnly: false });
  await store.writePredictions(lookMs, [
    {
      app: 'a0',
      modelKey: 'm',
      modelVersion: 1,
      predictor: 'model',
      sites: ['s0'],
      q: Float32Array.of(0.1, 0.2, 0.3),
      rule: Float32Array.of(NaN),
      ageS: Float32Array.of(Infinity),
      appAgeS: Infinity,
      complete: Float32Array.of(1 / 3),
      appComplete: 1 / 3,
      horizonMs: 10_000,
    },
  ]);
  const decision = {
    id: `a0-${lookMs}`,
    app: 'a0',
    lookMs,
    verdict: 'move' as const,
    reason: 'ok' as const,
    horizonS: 1,
    predictor: 'none' as const,
    policyVersion: 1,
    candidates: [],
    gates: [],
  };
  const said = { by: 'Zoë "x" \\ \n', reason: '日本' };
  await store.writeDecisions(
    lookMs,
    [decision],
    [
      {
        decisionId: decision.id,
        app: 'a0',
        from: 's0',
        to: 's1',
        gain: 0.1,
        verdict: 'move',
        expiresMs: lookMs + 1e6,
        reason: said.reason,
      },
    ],
    lookMs,
  );
  await store.joinOutcomes(T0 + 60_000);
  await store.claimMove({
    decisionId: decision.id,
    app: 'a0',
    from: 's0',
    to: 's1',
    origin: 'look',
    reason: said.reason,
    by: said.by,
    predictedGain: 0.1 + 0.2,
    workflowId: 'w',
    nowMs: T0,
  });
  await store.saveSnapshot(decision.id, { app: 'a0', site: 's0', generation: 1, original: { b: '\u0001', a: 1e21 } });
  await store.claimPhase(decision.id, 'apply', T0);
  await store.mirrorController({ app: 'a0', seq: 3, paused: true, pause: said, excluded: [], quarantine: [] });
  await store.mirrorFleet({ seq: 1, paused: false });
  await store.noteIntake({ source: 'prometheus', untilMs: T0, askedMs: T0, problems: ['it does not answer'] });
  await store.enqueue([{ id: 'n', kind: 'drift', atMs: T0, data: { text: said.reason } }]);
  await store.noteDelivery({ id: 'n', receiver: 'ops', tries: 1, nextMs: T0 + 1, failure: said.by });
  await store.saveProfile({ id: 'p', app: 'a0', createdMs: T0, profile: { frames: [frame, sha] } });
  await store.addModel({
    key: 'm',
    onnxSha256: frame,
    contract: { data: [frame], objectiveDigest: 'e'.repeat(64) },
    contractDigest: 'd'.repeat(64),
    servedBy: 'model',
    report: null,
    profileId: 'p',
    createdMs: T0,
  });
  await store.setAlias({ key: 'm', alias: 'champion', version: 1, by: said.by, why: said.reason, atMs: T0 });
  await store.saveEvidence([{ key: 'm', version: 1, app: 'a0', site: 's0', samples: 1, newestMs: T0, error: NaN, coverage: 0.1 + 0.2 }]);
  await store.holdTraining({ holder: 'train/m', nowMs: T0, staleMs: 1 });
  await store.saveCheckpoint({ key: 'm', digest: 'd', sha256: 'e'.repeat(64), savedMs: T0 });
  await store.writeShadows([
    { key: 'm', version: 1, lookMs: T0, app: 'a0', said: { sites: ['s0'], challenger: [0.5], champion: [null], verdict: 'stay' } },
  ]);
  const drift = {
    key: 'm',
    version: 1,
    app: 'a0',
    kind: 'error',
    name: 's0',
    windows: 3,
    effect: 2,
    why: 'w',
    sinceMs: T0,
    atMs: T0,
  } as const;
  await store.saveDrifts('m', [drift]);
  await store.claimRetrain({ key: 'm', nowMs: T0, everyMs: 1, why: 'drift' });
}

async function contentOf(url: string): Promise<Record<string, string[]>> {
  const sql = connect({ url, max: 1 });
  const content: Record<string, string[]> = {};
  for (const table of TABLES) {
    const rows = await sql<{ line: string }[]>`select t::text as line from ${sql(table)} t order by 1`;
    content[table] = rows.map((r) => r.line);
  }
  await sql.end();
  return content;
}

describe('a backup', () => {
  const own = () => folderBlobs(join(folder, 'blobs'));
  const dir = () => join(folder, 'backup');
  let frame: string;
  beforeAll(async () => {
    frame = await own().put(Buffer.from('a frame'));
    await fill(frame);
  });

  test('restored into an empty database is the same store, row for row and blob for blob', async () => {
    const before = await contentOf(fixture.url);
    expect(Object.entries(before).filter(([, rows]) => rows.length === 0)).toEqual([]);
    const report = await backup({ url: fixture.url, dir: dir(), blobs: own() });
    expect(report).toEqual({
      installation: fixture.store.installation,
      rows: Object.values(before).flat().length,
      blobs: 1,
      missing: [sha],
    });
    const target = await testDatabase();
    const blobs = folderBlobs(join(folder, 'restored'));
    expect(await restore({ url: target.url, dir: dir(), blobs })).toEqual(report);
    expect(await contentOf(target.url)).toEqual(before);
    expect(Buffer.from(await blobs.get(frame)).toString()).toBe('a frame');
    const store = await openStore({ url: target.url, installation: fixture.store.installation });
    await store.appendScrape({ atMs: T0 + 100_000, sites: [], apps: [{ app: 'a0', placed: 's0', values: { load: 1 } }] });
    expect(await store.telemetry.window({ app: 'a0', sites: ['s0'], fromMs: T0, toMs: T0 + 100_000, stepMs: 1000 })).toMatchObject({
      app: { series: ['kpi_p99_ms', 'load'], newestMs: T0 + 100_000 },
    });
    await store.close();
    await expect(restore({ url: target.url, dir: dir(), blobs })).rejects.toThrow('restore: the database already has a berth schema');
    await target.drop();
  });

  test('never overwrites a folder', async () => {
    await expect(backup({ url: fixture.url, dir: dir(), blobs: own() })).rejects.toThrow(/backup: the folder .* is not empty/);
  });

  test('with a damaged file, or without its manifest, leaves the database empty', async () => {
    const target = await testDatabase();
    const file = join(dir(), 'claim.ndjson.gz');
    const bytes = await readFile(file);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(file, bytes);
    await expect(restore({ url: target.url, dir: dir(), blobs: own() })).rejects.toThrow('claim.ndjson.gz of the backup is damaged');
    await expect(restore({ url: target.url, dir: join(folder, 'nothing'), blobs: own() })).rejects.toThrow(/is no backup/);
    const sql = connect({ url: target.url, max: 1 });
    expect(await sql`select to_regnamespace('berth') as schema`).toEqual([{ schema: null }]);
    await sql.end();
    await target.drop();
  });

  test('refuses a database with a table it would lose', async () => {
    await fixture.sql`create table surprise (a int4)`;
    await expect(backup({ url: fixture.url, dir: join(folder, 'other'), blobs: own() })).rejects.toThrow(
      'a table surprise that this berth does not know',
    );
    await fixture.sql`drop table surprise`;
  });
});
