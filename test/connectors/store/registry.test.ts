import { expect, test } from 'vitest';
import type { ModelVersion } from '../../../domain/records.ts';
import { T0, withStore } from './store-fixture.ts';

const fixture = withStore();
const sha = (n: number) => n.toString(16).padStart(64, '0');

function model(key: string, n: number): Omit<ModelVersion, 'version'> {
  return {
    key,
    onnxSha256: sha(n),
    contract: { z: 1, a: [sha(1000 + n)] },
    contractDigest: sha(n),
    servedBy: 'model',
    report: { skill: 0.5 },
    profileId: `p${n}`,
    createdMs: T0 + n,
  };
}
const say = (key: string, alias: 'champion' | 'challenger', version: number) =>
  fixture.store.setAlias({ key, alias, version, by: 'ann', why: 'better', atMs: T0 });

test('versions count up per key, and the same model is one version', async () => {
  const { store } = fixture;
  const added = await Promise.all([1, 2, 3, 1, 2, 3].map((n) => store.addModel(model('m', n))));
  expect(added.map((m) => m.version).sort()).toEqual([1, 1, 2, 2, 3, 3]);
  expect(await store.model('m', added[0]!.version)).toEqual({ ...model('m', 1), version: added[0]!.version });
  expect((await store.addModel(model('other', 1))).version).toBe(1);
  expect(await store.model('m', 9)).toBeUndefined();
});

test('a new champion makes the old one previous in the same step, and the log says who and why', async () => {
  const { store } = fixture;
  for (const n of [1, 2]) await store.addModel(model('k', n));
  await say('k', 'champion', 1);
  expect(await store.alias('k', 'previous')).toBeUndefined();
  await say('k', 'champion', 2);
  await say('k', 'champion', 2);
  expect((await store.alias('k', 'champion'))?.version).toBe(2);
  expect((await store.alias('k', 'previous'))?.version).toBe(1);
  await say('k', 'champion', 1);
  expect((await store.alias('k', 'previous'))?.version).toBe(2);
  const by = { by: 'ann', why: 'better', atMs: T0 };
  expect(await store.aliasHistory('k')).toEqual([
    { alias: 'champion', version: 1, ...by },
    { alias: 'previous', version: 2, ...by },
    { alias: 'champion', version: 2, ...by },
    { alias: 'previous', version: 1, ...by },
    { alias: 'champion', version: 1, ...by },
  ]);
  expect((await store.champions()).map((m) => [m.key, m.version])).toEqual([['k', 1]]);
});

test('readers never see a key without its champion while it changes', async () => {
  const { store } = fixture;
  for (const n of [1, 2]) await store.addModel(model('busy', n));
  await say('busy', 'champion', 1);
  const changes = Array.from({ length: 20 }, (_, i) => say('busy', 'champion', 1 + (i % 2)));
  const seen = await Promise.all(Array.from({ length: 40 }, () => store.alias('busy', 'champion')));
  await Promise.all(changes);
  expect(seen.every((m) => m !== undefined)).toBe(true);
  const [champion, previous] = [await store.alias('busy', 'champion'), await store.alias('busy', 'previous')];
  expect([champion?.version, previous?.version].sort()).toEqual([1, 2]);
});

test('an alias of a version that is not there is refused', async () => {
  await expect(say('m', 'challenger', 77)).rejects.toThrow('model m has no version 77');
  await expect(say('nowhere', 'champion', 1)).rejects.toThrow('model nowhere has no version 1');
});

test('evidence is replaced by what is newer', async () => {
  const { store } = fixture;
  await say('m', 'challenger', 1);
  const row = { key: 'm', version: 1, app: 'a0', site: 's0', samples: 10, newestMs: T0, error: 0.1, coverage: 0.8 };
  await store.saveEvidence([row, { ...row, site: 's1' }]);
  await store.saveEvidence([{ ...row, samples: 20, error: 0.05 }]);
  await store.saveEvidence([]);
  expect(await store.evidence()).toEqual([
    { ...row, samples: 20, error: 0.05 },
    { ...row, site: 's1' },
  ]);
});

test('evidence is that of the versions that hold an alias, and of one more that is asked for', async () => {
  const { store } = fixture;
  for (const n of [1, 2, 3, 4]) await store.addModel(model('e', n));
  const row = { key: 'e', version: 1, app: 'a0', site: 's0', samples: 10, newestMs: T0, error: 0.1, coverage: 0.8 };
  await store.saveEvidence([1, 2, 3, 4].map((version) => ({ ...row, version })));
  const versions = async (also?: number) =>
    (await store.evidence(also === undefined ? undefined : { key: 'e', version: also })).filter((r) => r.key === 'e').map((r) => r.version);
  expect(await versions()).toEqual([]);
  await say('e', 'champion', 1);
  await say('e', 'champion', 2);
  await say('e', 'challenger', 2);
  expect(await versions()).toEqual([1, 2]);
  await say('e', 'champion', 4);
  expect(await versions()).toEqual([2, 4]);
  expect(await versions(4)).toEqual([2, 4]);
  expect(await versions(3)).toEqual([2, 3, 4]);
});

test('profiles are found by id and the newest by app', async () => {
  const { store } = fixture;
  const profile = { id: 'p1', app: 'a0', createdMs: T0, profile: { frames: [sha(5)], sites: ['s1', 's0'] } };
  await store.saveProfile(profile);
  await store.saveProfile({ ...profile, id: 'p2', createdMs: T0 + 1 });
  await store.saveProfile(profile);
  expect(await store.profile('p1')).toEqual(profile);
  expect((await store.latestProfile('a0'))?.id).toBe('p2');
  expect(await store.latestProfile('a1')).toBeUndefined();
});

test('a blob that a model, a contract or a profile names is referenced', async () => {
  const referenced = await fixture.store.referencedBlobs();
  expect([...referenced]).toEqual(expect.arrayContaining([sha(1), sha(2), sha(1001), sha(5)]));
  expect(referenced.has(sha(999))).toBe(false);
});
