import { readFileSync } from 'node:fs';

import { fitBoosting } from '../../../learning/learners/boosting.ts';
import { lossOf } from '../../../learning/learners/loss.ts';
import { lossOfTrial, type Trial, type TrialResult } from './trial.ts';

const bytesOf = (file: string): ArrayBuffer => {
  const bytes = readFileSync(file);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
};

/** Trains as the trial says, in a process of its own: `node ours.js TRIAL [js]`. */
function runTrial(trial: Trial, kernels: 'wasm' | 'js'): TrialResult {
  const rows = new Float32Array(bytesOf(trial.rows));
  const y = new Float64Array(bytesOf(trial.target));
  const names = Array.from({ length: trial.width }, (_, f) => `f${f}`);
  const set = { names, n: y.length, rows, y, scale: 'linear' as const, visit: new Int32Array(y.length) };
  const loss = lossOfTrial(trial.loss);
  const { rounds, rate, leaves, minRows, bins } = trial;
  const before = process.cpuUsage();
  const model = fitBoosting(
    set,
    { loss, rounds, rate, leaves, minRows, bins, lambda: 0, columns: 1, kernels },
    { seed: 1, isOver: () => false },
  );
  const userS = process.cpuUsage(before).user / 1e6;
  const actual = new Float64Array(bytesOf(trial.testTarget));
  const predicted = model.predict(new Float32Array(bytesOf(trial.testRows)), actual.length);
  const mean = actual.reduce((sum, v, i) => sum + lossOf(loss, predicted[i]!, v), 0) / actual.length;
  return { trainer: kernels === 'js' ? 'berth (JavaScript)' : 'berth', userS, error: trial.loss === 'squared' ? Math.sqrt(mean) : mean };
}

const [text = '', kernels] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(runTrial(JSON.parse(text) as Trial, kernels === 'js' ? 'js' : 'wasm'))}\n`);
