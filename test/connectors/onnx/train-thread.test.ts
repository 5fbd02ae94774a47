import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { trainInThread } from '../../../connectors/onnx/train-thread.ts';
import { trainCounterfactual } from '../../../learning/train.ts';
import type { TrainInput, TrainProgress } from '../../../learning/train.ts';
import { latencyObjective, neighbourProfile } from '../../learning/neighbour.ts';

const root = resolve(import.meta.dirname, '../../..');
let dir: string;
let module: string;

/** A thread loads compiled code only, so the trainer is compiled for this test alone. */
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'berth-train-'));
  const config = join(dir, 'tsconfig.json');
  await writeFile(
    config,
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { rootDir: root, outDir: join(dir, 'build'), typeRoots: [join(root, 'node_modules/@types')], sourceMap: false },
      include: [],
      files: [join(root, 'learning/train.ts')],
    }),
  );
  await promisify(execFile)(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', config]);
  await writeFile(join(dir, 'package.json'), '{"type":"module"}');
  await symlink(join(root, 'node_modules'), join(dir, 'node_modules'), 'junction');
  module = pathToFileURL(join(dir, 'build/learning/train.js')).href;
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const profile = neighbourProfile({ seed: 1, visits: 4, visitS: 8 });
const input: TrainInput = {
  app: 'berth',
  frames: [profile.frame],
  visits: profile.visits,
  objective: latencyObjective,
  facts: {},
  horizonS: 4,
  seed: 1,
  data: [],
};

test('a thread gives what the trainer gives, bit for bit, and says how far it is', async () => {
  const progress: TrainProgress[] = [];
  const result = await trainInThread(input, { module, onProgress: (p) => progress.push(p) });
  expect(result).toEqual(trainCounterfactual(input));
  expect(progress.at(-1)).toEqual({ stage: 'fit', done: 2, of: 2 });
});

test('aborting ends the thread and rejects with the reason', async () => {
  const abort = new AbortController();
  const training = trainInThread(input, { module, signal: abort.signal, onProgress: () => abort.abort(new Error('pressed stop')) });
  await expect(training).rejects.toThrow('pressed stop');
  await expect(trainInThread(input, { module, signal: abort.signal })).rejects.toThrow('pressed stop');
});

test('a thread that takes three times its budget is ended by name', async () => {
  const spent = trainInThread(input, { module, budgetS: 0.001 });
  await expect(spent).rejects.toMatchObject({ name: 'TrainingTimedOut' });
});

test('an error of the trainer keeps its name and message', async () => {
  await expect(trainInThread({ ...input, visits: [] }, { module })).rejects.toMatchObject({
    name: 'RangeError',
    message: expect.stringMatching(/^nothing to learn from for berth/),
  });
});

test('without a build it says what is missing', async () => {
  await expect(trainInThread(input)).rejects.toThrow(/learning\/train\.js is not there: training in a thread needs the compiled build/);
});
