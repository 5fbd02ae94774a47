import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { randomFrom } from '../../learning/random.ts';
import { parseTask } from '../../learning/tasks/parse-task.ts';
import { evaluate, fit } from '../../scripts/learn/fit.ts';
import { predict } from '../../scripts/learn/predict.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-learn-'));
  await writeFile(at('task.yaml'), TASK);
  await writeFile(at('whole.csv'), csv(ROWS));
  await fit({ ...RUN, task: at('task.yaml'), data: [at('whole.csv')], out: at('model') });
}, 300_000);
afterAll(() => rm(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);
/** A budget that no machine runs out of: what is cut short by the clock is not the same twice. */
const RUN = { budgetS: 600, seed: 1 };
const T0 = 1_700_000_000;
const TASK = `name: made-up
kind: forecast
time: t
step: 1s
horizon: 5s
target: { column: y, unit: ms }
`;

/** The target follows the load five seconds later, with noise. */
const ROWS = ((): string[] => {
  const random = randomFrom(7);
  const load: number[] = [];
  for (let i = 0; i < 700; i++) load.push((load.at(-1) ?? 5) * 0.9 + random());
  return load.map((x, i) => `${T0 + i},${x.toFixed(4)},${(50 + 10 * (load[i - 5] ?? 5) + random()).toFixed(4)},7`);
})();
const csv = (rows: readonly string[], header = 't,load,y,same'): string => `${header}\n${rows.join('\n')}\n`;

async function predicted(content: string | Buffer, name = 'in.csv'): Promise<string[]> {
  await writeFile(at(name), content);
  await predict({ model: at('model'), data: [at(name)], out: at('out.csv') });
  return (await readFile(at('out.csv'), 'utf8')).trimEnd().split('\n');
}

async function problemsOf(content: string, task = TASK): Promise<string> {
  await writeFile(at('bad.csv'), content);
  await writeFile(at('bad.yaml'), task);
  const said = evaluate({ ...RUN, task: at('bad.yaml'), data: [at('bad.csv')] });
  return await said.then(
    () => 'no problem',
    (error: unknown) => (error as Error).message.replaceAll(`${folder}/`, ''),
  );
}

describe('fit', () => {
  test('writes model, contract, report and pictures, and finds what is there to be learned', async () => {
    expect((await readdir(at('model'))).sort()).toEqual(
      ['calibration.svg', 'contract.json', 'forecast.svg', 'importances.svg', 'model.onnx', 'report.json', 'report.md'].sort(),
    );
    const report = JSON.parse(await readFile(at('model/report.json'), 'utf8')) as {
      verdict: string;
      features: { selected: string[] };
      candidates: { kind: string; name: string }[];
      chosen: { importances: { input: string }[] };
    };
    expect(report.verdict).toBe('skill');
    expect(report.features.selected).toEqual(['load']);
    expect(report.candidates.filter((c) => c.kind === 'baseline').map((c) => c.name)).toEqual(
      expect.arrayContaining(['last value', 'mean of 6', 'overall mean', 'overall median']),
    );
    expect(report.chosen.importances[0]!.input).toContain('load');
  });

  test('gives the same bytes for the same seed', async () => {
    await fit({ ...RUN, task: at('task.yaml'), data: [at('whole.csv')], out: at('again') });
    const read = (name: string): Promise<Buffer> => readFile(at(name));
    expect((await read('again/model.onnx')).equals(await read('model/model.onnx'))).toBe(true);
  }, 300_000);

  test('finds no skill in a shuffled target', async () => {
    const random = randomFrom(3);
    const shuffled = ROWS.map((row) =>
      row
        .split(',')
        .with(2, String(50 + random()))
        .join(','),
    );
    await writeFile(at('shuffled.csv'), csv(shuffled));
    const { verdict } = await evaluate({ ...RUN, task: at('task.yaml'), data: [at('shuffled.csv')] });
    expect(verdict).toBe('no skill');
  }, 300_000);
});

describe('predict', () => {
  test('writes the time of the target for every row, empty where nothing can be told', async () => {
    const lines = await predicted(csv(ROWS.slice(0, 400)));
    expect(lines[0]).toBe('time,group,p10,p50,p90');
    expect(lines).toHaveLength(401);
    expect(lines[400]!.startsWith(`${T0 + 399 + 5},in,`)).toBe(true);
    for (const line of lines.slice(1)) {
      const [p10, p50, p90] = line.split(',').slice(2).map(Number);
      expect(p10! <= p50! && p50! <= p90!).toBe(true);
    }
  });

  test('uses nothing after a row: what follows may be anything, or not be', async () => {
    const all = await predicted(csv(ROWS));
    const wild = ROWS.map((row, i) => (i < 300 ? row : `${T0 + i},${1e6 - i},${-i},0`));
    expect((await predicted(csv(wild))).slice(0, 301)).toEqual(all.slice(0, 301));
    expect(await predicted(csv(ROWS.slice(0, 300)))).toEqual(all.slice(0, 301));
  });

  test('ignores the order of columns and rows, other columns, line ends, quotes, a mark of the encoding and packing', async () => {
    const some = ROWS.slice(0, 200);
    const plain = await predicted(csv(some));
    const turned = csv(
      some.map((row) => row.split(',').reverse().join(',')),
      'same,y,load,t',
    );
    expect(await predicted(turned)).toEqual(plain);
    const more = csv(
      some.map((row) => `${row},"a, b"`),
      't,load,y,same,note',
    );
    expect(await predicted(`\ufeff${more.replaceAll('\n', '\r\n')}`)).toEqual(plain);
    expect(await predicted(gzipSync(csv(some)), 'in.csv.gz')).toEqual(plain);
    const [head, ...rest] = await predicted(csv([...some].reverse()));
    expect([head, ...rest.reverse()]).toEqual(plain);
  });

  test('bridges what is missing for up to three steps and writes empty values beyond', async () => {
    const rows = ROWS.slice(0, 200).map((row, i) => (i >= 100 && i < 110 ? `${T0 + i},,,` : row));
    const lines = await predicted(csv(rows));
    const isEmpty = lines.slice(1).map((line) => line.endsWith(',,,'));
    expect(isEmpty.flatMap((empty, i) => (empty ? [i] : []))).toEqual([103, 104, 105, 106, 107, 108, 109]);
  });

  test('gives both of two rows of one time a line, one row a line, and no row none', async () => {
    const twice = ROWS.slice(0, 50).flatMap((row, i) => (i === 20 ? [row, row] : [row]));
    expect(await predicted(csv(twice))).toHaveLength(52);
    expect(await predicted(csv(ROWS.slice(0, 1)))).toHaveLength(2);
    expect(await predicted('t,load,y,same\n')).toEqual(['time,group,p10,p50,p90']);
  });

  test('refuses a file that lacks a column of the contract', async () => {
    await expect(predicted('t,y\n1,2\n')).rejects.toThrow('no column "load"');
  });
});

describe('bad input', () => {
  test.each([
    ['an empty file', '', 'the file is empty; not even a header'],
    ['a header without rows', 't,load,y\n', 'nothing to learn from'],
    [
      'text for a target',
      't,load,y\n1,2,fast\n2,3,slow\n',
      'bad.csv:2: column y: "fast" is not a number\nbad.csv:3: column y: "slow" is not a number',
    ],
    ['a row that is too short', 't,load,y\n1,2,3\n2,3\n', 'bad.csv:3: 2 cells, the header has 3'],
    ['no time', 't,load,y\nsoon,2,3\n', 'bad.csv:2: "soon" is no time'],
    ['mixed times', 't,load,y\n1700000000,2,3\n2023-11-14T22:13:21Z,2,3\n', 'the rows before are in seconds'],
    ['a target that is never known', 't,load,y\n1,2,NaN\n2,3,\n', 'nothing to learn from'],
    ['a horizon beyond the data', csv(ROWS.slice(0, 4)), 'nothing to learn from'],
    ['a quote that is never closed', 't,load,y\n1,"2,3\n', 'never closed'],
    ['a column twice', 't,load,load,y\n1,2,3,4\n', 'the column "load" is there twice'],
  ])('%s is told', async (_, content, said) => {
    expect(await problemsOf(content)).toContain(said);
  });

  test('numbers that are infinite and one group of one row do no harm', async () => {
    const rows = ROWS.slice(0, 300).map((row, i) => (i % 50 === 9 ? row.replace(/^(\d+),[^,]+/, '$1,Infinity') : row));
    const [head, ...grouped] = csv([...rows, `${T0},1,2,3`])
      .trimEnd()
      .split('\n');
    const content = [`${head},g`, ...grouped.map((row, i) => `${row},${i === 300 ? 'lonely' : 'many'}`)].join('\n');
    expect(['no problem', expect.stringContaining('Infinity')]).toContainEqual(await problemsOf(content, `${TASK}group: g\n`));
  }, 300_000);

  test('every problem of a task file is listed with its line', () => {
    const parsed = parseTask('name: x\nkind: forecast\nstep: 2s\nhorizon: 5s\ntarget: { column: y, colour: red }\nextra: 1\n');
    const said = JSON.stringify(parsed);
    for (const word of ['time', 'horizon', 'colour', 'extra']) expect(said).toContain(word);
  });
});

test('every example is a task file', async () => {
  const names = await readdir('examples/tasks');
  expect(names.length).toBeGreaterThanOrEqual(10);
  for (const name of names) expect(parseTask(await readFile(join('examples/tasks', name), 'utf8')), name).toMatchObject({ ok: true });
});
