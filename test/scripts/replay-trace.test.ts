import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { ReplayedPolicy } from '../../domain/replay/replay-traces.ts';
import { readTrace } from '../../scripts/commands/read-trace.ts';
import { replayTrace, type TraceOptions } from '../../scripts/commands/replay-trace.ts';
import { fit } from '../../scripts/learn/fit.ts';
import { checkoutFolder } from '../../scripts/platform/checkout.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-replay-'));
});
afterAll(() => rm(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const columns = { time: 'timestamp', site: 'node', qos: 'qos' };
const T0 = 1_700_000_000;

/** Site b gets better by 0.2 after 200 of 600 minutes. */
const rows = Array.from({ length: 600 }, (_, i) => [`${T0 + i * 60},a,0.6`, `${T0 + i * 60},b,${i < 200 ? 0.6 : 0.8}`]).flat();
const csv = (lines: readonly string[] = rows, end = '\n') => `timestamp,node,qos${end}${lines.join(end)}${end}`;

async function read(content: string | Buffer) {
  await writeFile(at('trace.csv'), content);
  return await readTrace([at('trace.csv')], columns);
}
async function problems(content: string | Buffer): Promise<readonly string[]> {
  const result = await read(content);
  return result.ok ? [] : result.problems.map((p) => p.replace(`${at('trace.csv')}`, 'F'));
}

describe('a trace', () => {
  test('may come in any order, with either line end, compressed, quoted, by semicolon, with a mark of its encoding', async () => {
    const plain = await read(csv());
    expect(plain).toMatchObject({ ok: true, repeated: 0 });
    const quoted = csv().replace(/[^,\n]+/g, '"$&"');
    for (const same of [csv(rows, '\r\n'), gzipSync(csv()), quoted, csv().replaceAll(',', ';'), `\uFEFF${csv()}`])
      expect(await read(same)).toEqual(plain);
  });

  test('times are seconds, milli-, micro- or nanoseconds or ISO 8601', async () => {
    const times = async (one: string, two: string) => {
      const result = await read(csv([`${one},a,1`, `${two},a,1`]));
      return result.ok ? result.samples.atMs : result.problems;
    };
    const want = [T0 * 1000, T0 * 1000 + 60_000];
    for (const zeros of ['', '000', '000000', '000000000']) expect(await times(`${T0}${zeros}`, `${T0 + 60}${zeros}`)).toEqual(want);
    expect(await times('2023-11-14T22:13:20Z', '2023-11-14 23:14:20+01:00')).toEqual(want);
  });

  test('what is unknown stays unknown', async () => {
    const result = await read(csv(['1,a,0.5', '1,b,', '2,b,NaN', '3,b,null']));
    expect(result.ok && result.samples.score).toEqual([0.5, NaN, NaN, NaN]);
  });

  test('everything that is wrong is listed with its line', async () => {
    expect(await problems(csv(['1,a,0.5', 'x,a,0.5', '3,,1.7', '4,a', '5,a,0x1', '6,a,inf', '7,a,-0.1']))).toEqual([
      'F line 3: timestamp is "x", not a time',
      'F line 4: node is empty; qos is "1.7", not a score between 0 and 1',
      'F line 5: 2 cells, the first line has 3',
      'F line 6: qos is "0x1", not a score between 0 and 1',
      'F line 7: qos is "inf", not a score between 0 and 1',
      'F line 8: qos is "-0.1", not a score between 0 and 1',
    ]);
    expect((await problems(csv(Array(100).fill('x,a,1')))).at(-1)).toBe('and 80 more');
  });

  test.each([
    ['an empty file', '', 'F: it is empty'],
    ['a header alone', 'timestamp,node,qos\n', 'F: there is no row'],
    ['a trace that knows no score', 'timestamp,node,qos\n1,a,nan\n', 'F: there is no known qos'],
    ['another column', 'timestamp,nodes,qos\n1,a,1\n', 'F: --site node: there is no such column; did you mean nodes?'],
    ['a column twice', 'timestamp,node,qos,qos\n1,a,1,0\n', 'F: --qos qos: there are several such columns'],
    ['another encoding', Buffer.from(csv(), 'utf16le'), 'F: it is no text in UTF-8'],
  ])('%s is refused', async (_, content, problem) => {
    expect(await problems(content)).toEqual([problem]);
  });

  test('of several files all problems are told, and a file that is not there is one', async () => {
    await writeFile(at('bad.csv'), csv(['x,a,1']));
    const result = await readTrace([at('none.csv'), at('bad.csv')], columns);
    expect(!result.ok && result.problems).toEqual([
      expect.stringContaining('ENOENT') as string,
      `${at('bad.csv')} line 2: timestamp is "x", not a time`,
    ]);
  });
});

describe('berth replay --trace', () => {
  const options = (more: Partial<TraceOptions> = {}): TraceOptions => ({
    ...columns,
    trace: [at('ok.csv')],
    every: '5m',
    moveCost: '0',
    json: at('R.json'),
    ...more,
  });
  const replayed = async (more: Partial<TraceOptions> = {}) => {
    await replayTrace(options(more));
    const { policies } = JSON.parse(await readFile(at('R.json'), 'utf8')) as { policies: ReplayedPolicy[] };
    return new Map(policies.map((p) => [p.name, p]));
  };
  beforeAll(() => writeFile(at('ok.csv'), csv()));

  test('writes the figures of every policy', async () => {
    const policies = await replayed();
    expect([...policies.keys()]).toEqual([
      'berth',
      'never-move:a',
      'never-move:b',
      'always-best-last-window',
      'oracle',
      'reference:arg-max',
      'reference:reactive',
    ]);
    for (const policy of policies.values())
      expect(policy).toMatchObject({
        meanQos: expect.any(Number) as number,
        moves: expect.any(Number) as number,
        flaps: 0,
        regret: expect.any(Number) as number,
        secondsBelowTarget: 0,
      });
    expect(policies.get('never-move:b')?.meanQos).toBeCloseTo((40 * 0.6 + 80 * 0.8) / 120, 12);
    expect(policies.get('berth')?.moves).toBe(1);
  });

  test('counts what sites cost, and draws the moves', async () => {
    await writeFile(at('prices.yaml'), 'a: { costPerHour: 1 }\nb: { costPerHour: 2, movingIn: 30m }\n');
    const policies = await replayed({ prices: at('prices.yaml'), svg: at('R.svg') });
    expect(policies.get('never-move:a')?.cost).toBeCloseTo(10, 12);
    const { secondsOn, cost } = policies.get('berth') ?? {};
    expect(cost).toBeCloseTo(((secondsOn?.['a'] ?? 0) + 2 * (secondsOn?.['b'] ?? 0)) / 3600 + 1, 12);
    const svg = await readFile(at('R.svg'), 'utf8');
    expect(svg).toMatch(/^<svg\s.*<\/svg>\n$/s);
    // The step is in window 40, which the decision at its end is the first to see.
    expect(svg).toMatch(/<title>2023-11-15T01:4\d: a to b<\/title>/);
  });

  test('says everything that is wrong at once', async () => {
    await writeFile(at('P.yaml'), 'mode: autmatic\n');
    await writeFile(at('prices.yaml'), 'a: { costPerHour: 1 }\nbb: { costPerHour: 1 }\n');
    const bad = { every: '0', moveCost: 'x', slo: '2', start: 'c', policy: at('P.yaml'), prices: at('prices.yaml'), model: at('none') };
    const error = (await replayTrace(options(bad)).catch((e: unknown) => e)) as Error & { code: number };
    expect(error.code).toBe(2);
    const told = [
      '--every 0',
      '--move-cost x',
      '--slo 2',
      '--start c',
      'P.yaml: mode',
      'site b has no price',
      'did you mean b?',
      '--model',
    ];
    const lines = error.message.split('\n');
    expect(lines).toHaveLength(told.length);
    told.forEach((text, i) => expect(lines[i]).toContain(text));
  });

  test('times of different units are told instead of tried', async () => {
    await writeFile(at('mixed.csv'), csv([`${T0},a,1`, `${T0}000,a,1`]));
    await expect(replayTrace(options({ trace: [at('mixed.csv')] }))).rejects.toMatchObject({
      code: 2,
      message: expect.stringMatching(/windows of 300 s, 1000000 at most; is every time right/) as string,
    });
  });

  test('predicts by a model that was fitted to such a trace, and refuses one of something else', async () => {
    const waves = Array.from({ length: 2000 }, (_, i) =>
      ['a', 'b'].map((site, s) => `${T0 + i * 60},${site},${(0.6 + 0.2 * Math.sin(i / 50 + 3 * s)).toFixed(4)}`),
    );
    await writeFile(at('waves.csv'), csv(waves.flat()));
    const task = 'name: t\nkind: forecast\ntime: timestamp\nstep: 60\nhorizon: 300\ngroup: node\ntarget: { column: qos, better: higher }\n';
    await writeFile(at('task.yaml'), task);
    await fit({ task: at('task.yaml'), data: [at('waves.csv')], budgetS: 2, seed: 1, out: at('model') });
    const waved = { trace: [at('waves.csv')], model: at('model') };
    const policies = await replayed(waved);
    expect(policies.get('reference:proactive')).toBeDefined();
    const berth = policies.get('berth');
    expect(berth?.moves).toBeGreaterThan(5);
    expect(berth?.meanQos).toBeGreaterThan(policies.get('never-move:a')?.meanQos ?? NaN);
    await expect(replayTrace(options({ ...waved, time: 'qos', qos: 'timestamp' }))).rejects.toMatchObject({
      message: expect.stringMatching(/its target is qos, that of the trace timestamp\n.*its time column is timestamp/) as string,
    });
  }, 120_000);
});

const PUBLIC = join(checkoutFolder(), '..', 'shared', 'data', 'cloudskin-cloudedge', 'qos_5s.csv.gz');
test.skipIf(!existsSync(PUBLIC))(
  'on two real edge nodes berth is at least as good as the best constant choice, with a tenth of the moves',
  async () => {
    await replayTrace({ ...columns, trace: [PUBLIC], every: '5m', moveCost: '0', json: at('R.json') });
    const { policies } = JSON.parse(await readFile(at('R.json'), 'utf8')) as { policies: ReplayedPolicy[] };
    const of = (name: string) => policies.find((p) => p.name === name) as ReplayedPolicy & { meanQos: number };
    const [berth, reactive] = [of('berth'), of('always-best-last-window')];
    expect(berth.meanQos).toBeGreaterThanOrEqual(Math.max(of('never-move:node-a').meanQos, of('never-move:node-b').meanQos));
    expect(berth.meanQos).toBeGreaterThanOrEqual(reactive.meanQos - 0.002);
    expect(berth.moves).toBeLessThanOrEqual(reactive.moves / 10);
  },
);
