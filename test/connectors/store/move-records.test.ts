import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { exportNdjson, exportParquet } from '../../../connectors/file/decision-export.ts';
import { decisionPages } from '../../../connectors/store/decision-pages.ts';
import type { Decision } from '../../../domain/decision.ts';
import type { ClaimRequest, MoveEnd } from '../../../domain/records.ts';
import { sampleConfig } from './sample-config.ts';
import { T0, withStore } from './store-fixture.ts';

const fixture = withStore(sampleConfig({ apps: 3, sites: 3 }));
const at = (n: number) => T0 + n * 60_000;

const decision = (app: string, lookMs: number, change: Partial<Decision> = {}): Decision => ({
  id: `${app}-${lookMs}`,
  app,
  lookMs,
  verdict: 'stay',
  reason: 'gain',
  from: 's0',
  to: 's1',
  horizonS: 30,
  predictor: 'model',
  modelVersion: 3,
  policyVersion: 1,
  candidates: [{ site: 's0', current: true, trust: 'trusted' }],
  gates: [{ gate: 'gain', pass: false, numbers: { gain: 0.25 } }],
  ...change,
});

async function move(decisionId: string, change: Partial<ClaimRequest>, end: { end: MoveEnd; scoreBefore?: number; scoreAfter?: number }) {
  const { store } = fixture;
  const request = {
    decisionId,
    app: 'a0',
    from: 's0',
    to: 's1',
    origin: 'look',
    reason: 'x',
    by: 'berth',
    workflowId: 'w',
    nowMs: T0,
  } as const;
  await store.claimMove({ ...request, predictedGain: 0.3, ...change });
  for (const [i, phase] of ['apply', 'serving', 'verify'].entries()) await store.claimPhase(decisionId, phase, T0 + i * 2500);
  if (end.scoreAfter !== undefined) await store.noteIfStayed(decisionId, 0.25);
  await store.endClaim(decisionId, { ...end, atMs: T0 + 10_000 });
  await store.noteIfStayed(decisionId, 0.99);
}

beforeAll(async () => {
  const { store } = fixture;
  const looks: Decision[][] = [
    [decision('a0', at(0), { verdict: 'move', reason: 'ok' }), decision('a1', at(0), { verdict: 'hold', reason: 'fresh' })],
    [
      decision('a0', at(1), { to: 's2', modelVersion: 4 }),
      decision('a1', at(1), { predictor: 'rule' }),
      decision('a2', at(1), { from: 's2', to: 's0' }),
    ],
  ];
  for (const [i, decisions] of looks.entries()) {
    await store.openLook({ lookMs: at(i), configVersion: 1, openedMs: at(i), recordOnly: false });
    await store.writeDecisions(
      at(i),
      decisions.map(({ modelVersion, ...d }) => (d.predictor === 'rule' ? d : { ...d, modelVersion: modelVersion ?? 3 })),
      [],
      at(i),
    );
  }
});

test('a move that has ended is told with its time, its gain and the model whose prediction made it', async () => {
  await move(`a0-${at(0)}`, {}, { end: 'done', scoreBefore: 0.5, scoreAfter: 0.75 });
  await move('a0-override-1', { origin: 'override' }, { end: 'reverted' });
  await move('p', { origin: 'profile' }, { end: 'done' });
  await move('r', {}, { end: 'refused' });
  expect(await fixture.store.moveRecords({ limit: 10 })).toEqual([
    {
      decisionId: `a0-${at(0)}`,
      app: 'a0',
      from: 's0',
      to: 's1',
      origin: 'look',
      end: 'done',
      endedMs: T0 + 10_000,
      predictedGain: 0.3,
      scoreBefore: 0.5,
      scoreAfter: 0.75,
      scoreIfStayed: 0.25,
      readyS: 2.5,
      model: { key: 'a0', version: 3 },
    },
    expect.objectContaining({ decisionId: 'a0-override-1', end: 'reverted', readyS: 2.5 }),
  ]);
  expect(await fixture.store.moveRecords({ limit: 10, sinceMs: T0 + 10_001 })).toEqual([]);
  expect(await fixture.store.moveRecords({ limit: 10, app: 'a1' })).toEqual([]);
});

test.each([
  ['app', { app: 'a1' }, ['a1@1', 'a1@0']],
  ['site it was on or would have gone to', { site: 's2' }, ['a0@1', 'a2@1']],
  ['outcome', { verdict: 'move' }, ['a0@0']],
  ['gate that decided', { reason: 'fresh' }, ['a1@0']],
  ['model', { model: { key: 'a0' } }, ['a0@1', 'a0@0']],
  ['version of a model', { model: { key: 'a0', version: 4 } }, ['a0@1']],
  ['model, which the plain rule is not', { model: { key: 'a1' } }, ['a1@0']],
  ['time, both ends of it', { fromMs: at(1), toMs: at(1) }, ['a0@1', 'a1@1', 'a2@1']],
  ['all of these', { app: 'a0', site: 's1', verdict: 'move', reason: 'ok', model: { key: 'a0', version: 3 }, toMs: at(0) }, ['a0@0']],
  ['a site that nothing ever had', { site: 'mars' }, []],
  ['an app that nothing ever had', { app: 'zz' }, []],
])('decisions are found by %s', async (_, filter, wanted) => {
  const found = await fixture.store.decisions({ ...filter, limit: 10 });
  expect(found.map((d) => `${d.app}@${(d.lookMs - T0) / 60_000}`)).toEqual(wanted);
});

test('a verdict or reason that cannot be is refused by name', async () => {
  await expect(fixture.store.decisions({ verdict: 'maybe', limit: 1 })).rejects.toThrow('no verdict "maybe": stay, hold, recommend, move');
  await expect(fixture.store.decisions({ reason: 'luck', limit: 1 })).rejects.toThrow('no reason "luck": ok, ');
});

test('what is exported is what is stored, whole, as lines and as Parquet', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'berth-export-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const stored = await fixture.store.decisions({ limit: 10 });
  expect(stored).toHaveLength(5);
  expect(await exportNdjson(decisionPages(fixture.store, {}), join(dir, 'd.ndjson'))).toBe(5);
  const lines = (await readFile(join(dir, 'd.ndjson'), 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(stored);

  expect(await exportParquet(decisionPages(fixture.store, {}), join(dir, 'd.parquet'))).toBe(5);
  const rows = await parquetReadObjects({ file: (await readFile(join(dir, 'd.parquet'))).buffer.slice(0) as ArrayBuffer });
  expect(rows.map((r) => [r['id'], (r['look'] as Date).getTime(), r['reason'], JSON.parse(r['gates'] as string) as unknown])).toEqual(
    stored.map((d) => [d.id, d.lookMs, d.reason, d.gates]),
  );
  expect(await exportParquet(decisionPages(fixture.store, { app: 'zz' }), join(dir, 'none.parquet'))).toBe(0);
  expect(await exportNdjson(decisionPages(fixture.store, {}, 2), join(dir, 'two.ndjson'))).toBe(2);
  await expect(exportNdjson(decisionPages(fixture.store, {}), join(dir, 'd.ndjson'))).rejects.toThrow('EEXIST');
});
