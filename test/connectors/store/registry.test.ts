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
    { ...row, samples: 20, error: 0.05, live: 0, low: 0, high: 0 },
    { ...row, site: 's1', live: 0, low: 0, high: 0 },
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

test('a look counts the champions that served when it was opened, whatever is changed meanwhile', async () => {
  const { store } = fixture;
  for (const n of [1, 2, 3]) await store.addModel(model('pinned', n));
  await say('pinned', 'champion', 1);
  const lookMs = T0 + 1000;
  await store.openLook({ lookMs, configVersion: 1, openedMs: lookMs, recordOnly: false });
  const versions = async (at?: number) => (await store.champions(at)).filter((m) => m.key === 'pinned').map((m) => m.version);
  await say('pinned', 'champion', 2);
  await say('pinned', 'champion', 3);
  expect(await versions(lookMs)).toEqual([1]);
  expect(await versions()).toEqual([3]);
  await store.openLook({ lookMs: lookMs + 1, configVersion: 1, openedMs: lookMs, recordOnly: false });
  expect(await versions(lookMs + 1)).toEqual([3]);
});

test('over three promotions and a rollback it is told what served at any instant, and who approved it', async () => {
  const { store } = fixture;
  for (const n of [1, 2, 3]) await store.addModel(model('told', n));
  const change = (version: number, by: string, atMs: number) =>
    store.setAlias({ key: 'told', alias: 'champion', version, by, why: `since ${atMs}`, atMs });
  await change(1, 'ann', 10);
  await change(2, 'bob', 20);
  await change(3, 'ann', 30);
  await store.noteVersion({ key: 'told', version: 2, what: 'rejected', by: 'bob', why: 'slow', atMs: 35 });
  await change(2, 'eve', 40);
  const at = async (ms: number) => {
    const served = await store.servedAt('told', ms);
    return served && [served.model.version, served.model.profileId, served.change.by, served.change.why];
  };
  expect(await at(9)).toBeUndefined();
  expect(await at(10)).toEqual([1, 'p1', 'ann', 'since 10']);
  expect(await at(29)).toEqual([2, 'p2', 'bob', 'since 20']);
  expect(await at(39)).toEqual([3, 'p3', 'ann', 'since 30']);
  expect(await at(1e9)).toEqual([2, 'p2', 'eve', 'since 40']);
  expect((await store.aliasHistory('told'))[2]).toMatchObject({ alias: 'rejected', version: 2, by: 'bob', why: 'slow' });
  expect((await store.models('told')).map((m) => m.version)).toEqual([3, 2, 1]);
});

test('one holder at a time may train; one that is silent loses the lock, and a checkpoint is that of its input', async () => {
  const { store } = fixture;
  const hold = async (holder: string, nowMs: number) => (await store.holdTraining({ holder, nowMs, staleMs: 30 })).holder;
  expect(await Promise.all(['x', 'x', 'x'].map((holder) => hold(holder, 100)))).toEqual(['x', 'x', 'x']);
  expect(await hold('y', 110)).toBe('x');
  expect(await hold('x', 120)).toBe('x');
  expect(await hold('y', 150)).toBe('x');
  expect(await hold('y', 151)).toBe('y');
  await store.releaseTraining('x');
  expect(await hold('x', 152)).toBe('y');
  await store.releaseTraining('y');
  expect(await hold('x', 153)).toBe('x');
  await store.saveCheckpoint({ key: 'm', digest: 'd1', sha256: sha(77), savedMs: 1 });
  expect([await store.checkpoint('m', 'd1'), await store.checkpoint('m', 'd2')]).toEqual([sha(77), undefined]);
  expect((await store.referencedBlobs()).has(sha(77))).toBe(true);
  await store.dropCheckpoint('m');
  expect(await store.checkpoint('m', 'd1')).toBeUndefined();
});

test('a training is asked for by drift once in a while, whoever asks', async () => {
  const ask = (nowMs: number) => fixture.store.claimRetrain({ key: 'm', nowMs, everyMs: 100, why: 'drift' });
  expect((await Promise.all([ask(1000), ask(1000), ask(1000)])).filter(Boolean)).toHaveLength(1);
  expect([await ask(1099), await ask(1100), await ask(1101)]).toEqual([false, true, false]);
});

test('the drift of a key is what its last check found', async () => {
  const { store } = fixture;
  const row = { key: 'm', version: 1, app: 'a0', kind: 'error', name: 's0', windows: 3, effect: 2, why: 'w', sinceMs: 1, atMs: 2 } as const;
  await store.saveDrifts('m', [row, { ...row, name: 's1' }]);
  await store.saveDrifts('m', [row]);
  expect(await store.drifts()).toEqual([row]);
});

test('what a challenger would have done is kept once per look and app', async () => {
  const { store } = fixture;
  const row = {
    key: 'm',
    version: 2,
    lookMs: T0,
    app: 'a0',
    said: { sites: ['s0', 's1'], challenger: [0.5, null], champion: [0.4, 0.3], verdict: 'move', to: 's1' },
  } as const;
  await store.writeShadows([row]);
  await store.writeShadows([row, { ...row, lookMs: T0 + 1 }]);
  expect(await store.shadows({ key: 'm', version: 2, fromMs: T0 })).toEqual([row, { ...row, lookMs: T0 + 1 }]);
  expect(await store.shadows({ key: 'm', version: 2, fromMs: T0 + 1 })).toHaveLength(1);
});
