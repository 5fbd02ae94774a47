import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderBlobs } from '../../../connectors/blobs/folder.ts';
import { collectBlobs } from '../../../connectors/store/collect-blobs.ts';
import { DAY_MS, DAY_TABLES } from '../../../connectors/store/partitions.ts';
import { openStore } from '../../../connectors/store/store.ts';
import { testDatabase } from '../../setup/servers.ts';
import { sampleConfig } from './sample-config.ts';
import { T0, withStore } from './store-fixture.ts';

const fixture = withStore(sampleConfig({ retention: { telemetry: '1d', predictions: '1d', decisions: '3d', kept: '30d' } }));

const scrape = (atMs: number) =>
  fixture.store.appendScrape({ atMs, sites: [{ site: 's0', values: { cpu_cores: 1 } }], apps: [{ app: 'a0', values: { load: 1 } }] });

test('partitions are made ahead for every table cut into days, once', async () => {
  const { created, dropped } = await fixture.store.maintain(T0);
  expect(created).toHaveLength(3 * Object.keys(DAY_TABLES).length);
  expect(created).toEqual(expect.arrayContaining(['sample_app_20310506', 'decision_kept_20310508']));
  expect(dropped).toEqual([]);
  expect(await fixture.store.maintain(T0 + 1)).toEqual({ created: [], dropped: [] });
});

test('a day goes when its last moment is past the retention of its table', async () => {
  await scrape(T0 - DAY_MS);
  await scrape(T0 - 2 * DAY_MS);
  const midnight = T0 - 12 * 3_600_000;
  const { dropped } = await fixture.store.maintain(midnight);
  expect(dropped.sort()).toEqual(['sample_app_20310504', 'sample_site_20310504']);
  expect(await fixture.sql`select at_ms from sample_app`).toEqual([{ at_ms: T0 - DAY_MS }]);
  expect((await fixture.store.maintain(midnight + DAY_MS - 1)).dropped).toEqual([]);
});

test('a write into a day that was dropped makes it again', async () => {
  await scrape(T0 - 2 * DAY_MS);
  expect(await fixture.sql`select count(*)::int4 as n from sample_app where at_ms = ${T0 - 2 * DAY_MS}`).toEqual([{ n: 1 }]);
});

test('looks, and proposals that are settled, go with the records they belong to', async () => {
  const { store, sql } = fixture;
  const old = T0 - 4 * DAY_MS;
  const proposal = {
    decisionId: `a0-${old}`,
    app: 'a0',
    from: 's0',
    to: 's1',
    gain: 1,
    verdict: 'move' as const,
    expiresMs: old + 1,
    reason: 'x',
  };
  const decision = {
    id: proposal.decisionId,
    app: 'a0',
    lookMs: old,
    verdict: 'move' as const,
    reason: 'ok' as const,
    horizonS: 1,
    predictor: 'none' as const,
    policyVersion: 1,
    candidates: [],
    gates: [],
  };
  for (const lookMs of [old, T0 - 40 * DAY_MS]) await store.openLook({ lookMs, configVersion: 1, openedMs: lookMs, recordOnly: false });
  await store.writeDecisions(old, [decision], [proposal], old + 1);
  await store.maintain(T0);
  expect(await sql`select 1 from proposal`).toHaveLength(0);
  expect((await store.looks(0, T0)).map((l) => l.lookMs)).toEqual([old]);
  expect(await store.decisions({ limit: 5 })).toEqual([decision]);
});

test('evidence goes when it is old and its version holds no alias', async () => {
  const { store, sql } = fixture;
  const old = T0 - 31 * DAY_MS;
  const row = { key: 'm', version: 1, app: 'a0', site: 's0', samples: 1, newestMs: old, error: 0.1, coverage: 0.8 };
  for (const n of [1, 2, 3])
    await store.addModel({
      key: 'm',
      onnxSha256: `${n}`,
      contract: {},
      contractDigest: `${n}`,
      servedBy: 'model',
      report: {},
      profileId: 'p',
      createdMs: old,
    });
  await store.setAlias({ key: 'm', alias: 'champion', version: 2, by: 'ann', why: 'best', atMs: old });
  await store.saveEvidence([row, { ...row, version: 2 }, { ...row, version: 3, newestMs: T0 }]);
  await store.maintain(T0);
  expect(await sql`select version from evidence order by version`).toEqual([{ version: 2 }, { version: 3 }]);
});

test('nothing is dropped before a configuration says what to keep', async () => {
  const { url, drop } = await testDatabase();
  const store = await openStore({ url });
  await store.openLook({ lookMs: 1, configVersion: 1, openedMs: 1, recordOnly: true });
  expect((await store.maintain(T0)).dropped).toEqual([]);
  expect(await store.looks(0, 2)).toHaveLength(1);
  await store.close();
  await drop();
});

test('blobs that nothing names are collected when they are old enough, the others stay', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'berth-blobs-'));
  const blobs = folderBlobs(dir);
  const [named, loose] = await Promise.all(['named', 'loose'].map((text) => blobs.put(Buffer.from(text))));
  await fixture.store.saveProfile({ id: 'p', app: 'a0', createdMs: T0, profile: { frames: [named] } });
  const later = Date.now() + 60_000;
  expect(await collectBlobs(fixture.store, blobs, { olderThanMs: later - 10 * 60_000 })).toEqual({ deleted: 0, bytes: 0, kept: 2 });
  expect(await collectBlobs(fixture.store, blobs, { olderThanMs: later })).toEqual({ deleted: 1, bytes: 5, kept: 1 });
  expect(await blobs.has(named!)).toBe(true);
  expect(await blobs.has(loose!)).toBe(false);
  await rm(dir, { recursive: true });
});
