import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { runProgram } from '../../platform/run-program.ts';
import type { Trial, TrialResult } from './trial.ts';

/** What xgboost asks for beyond these is for graphics cards. */
const WHEELS = ['lightgbm==4.7.0', 'xgboost==3.2.0', 'numpy==2.4.6', 'scipy==1.17.1', 'narwhals==2.29.0'];

const PROGRAM = `
import json, resource, sys
import numpy as np, lightgbm as lgb, xgboost as xgb
t = json.loads(sys.argv[1])
x = np.fromfile(t['rows'], np.float32).reshape(-1, t['width']); y = np.fromfile(t['target'])
tx = np.fromfile(t['testRows'], np.float32).reshape(-1, t['width']); ty = np.fromfile(t['testTarget'])
def error(p):
    e = p - ty
    if t['loss'] == 'squared': return float(np.sqrt((e * e).mean()))
    return float(np.abs(e).mean() if t['loss'] == 'absolute' else np.where(e >= 0, 0.1 * e, -0.9 * e).mean())
def user(): return resource.getrusage(resource.RUSAGE_SELF).ru_utime
def light():
    p = dict(objective={'squared': 'l2', 'pinball': 'quantile', 'absolute': 'l1'}[t['loss']], alpha=0.9, num_leaves=t['leaves'], learning_rate=t['rate'],
             max_bin=t['bins'], min_data_in_leaf=t['minRows'], lambda_l2=0, num_threads=1, verbose=-1)
    m = lgb.train(p, lgb.Dataset(x, y, params=p), t['rounds'])
    return lambda: m.predict(tx)
def extreme():
    p = dict(objective={'squared': 'reg:squarederror', 'pinball': 'reg:quantileerror', 'absolute': 'reg:absoluteerror'}[t['loss']], tree_method='hist',
             grow_policy='lossguide', max_leaves=t['leaves'], max_depth=0, max_bin=t['bins'], min_child_weight=t['minRows'], learning_rate=t['rate'],
             reg_lambda=0, nthread=1)
    if t['loss'] == 'pinball': p['quantile_alpha'] = 0.9
    m = xgb.train(p, xgb.QuantileDMatrix(x, y, max_bin=t['bins'], nthread=1), t['rounds'])
    return lambda: m.predict(xgb.DMatrix(tx, nthread=1))
for name, train in (('LightGBM ' + lgb.__version__, light), ('XGBoost ' + xgb.__version__, extreme)):
    before = user(); predict = train(); took = user() - before
    print(json.dumps(dict(trainer=name, userS=took, error=error(predict()))))
`;

export interface Peers {
  run(trial: Trial): Promise<TrialResult[]>;
  remove(): Promise<void>;
}

const MINUTES = 60_000;

/** Installs the peers into a virtual environment at `dir`; a text says why there are none. */
export async function openPeers(dir: string): Promise<Peers | string> {
  await rm(dir, { recursive: true, force: true });
  const python = join(dir, 'bin', 'python');
  const made = await runProgram('python3', ['-m', 'venv', dir], { deadlineMs: 5 * MINUTES });
  if (made.code !== 0) return `no virtual environment: ${made.text.trim()}`;
  const quiet = ['--quiet', '--no-input', '--disable-pip-version-check', '--only-binary=:all:', '--no-deps'];
  const installed = await runProgram(python, ['-m', 'pip', 'install', ...quiet, ...WHEELS], { deadlineMs: 10 * MINUTES });
  if (installed.code !== 0) {
    await rm(dir, { recursive: true, force: true });
    return `PyPI gave no wheels: ${installed.text.trim().split('\n').at(-1) ?? ''}`;
  }
  return {
    async run(trial) {
      const { code, text } = await runProgram(python, ['-c', PROGRAM, JSON.stringify(trial)], { deadlineMs: 30 * MINUTES });
      if (code !== 0) throw new Error(`the peers ended with ${code ?? 'a signal'}: ${text.trim()}`);
      const lines = text.split('\n').filter((line) => line.startsWith('{'));
      return lines.map((line) => JSON.parse(line) as TrialResult);
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
