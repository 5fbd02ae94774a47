import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { openStore } from '../../connectors/store/store.ts';
import { checkoutFolder } from '../platform/checkout.ts';
import { environmentWithout } from '../platform/server-process.ts';
import { readEndpoints } from '../up/endpoints.ts';
import type { Where } from './play-fleet.ts';

export interface FirstDecisionFigures {
  /** From `npm run demo` to the first decision in the store; it holds, because nothing is learned yet. */
  readonly firstS: number;
  /** To the first that rests on what was learned. */
  readonly learnedS: number;
  readonly predictor: string;
}

const PATIENCE_S = 300;

/** `npm run demo` on this checkout, watched from outside through its store and interrupted once it has learned. */
export async function measureFirstDecision({ dir, say }: Where): Promise<FirstDecisionFigures> {
  const root = checkoutFolder();
  const demo = join(root, '.berth', 'demo');
  if (readEndpoints(demo)) throw new Error('a demo is running from this checkout; its first decision is past');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const log = openSync(join(dir, 'demo.log'), 'w', 0o600);
  const beganMs = Date.now();
  const child = spawn(process.execPath, [join(root, 'scripts', 'run.mjs'), 'demo'], {
    cwd: root,
    env: environmentWithout('TEMPORAL_', 'DATABASE_URL'),
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const exited = once(child, 'exit');
  try {
    const since = (): number => (Date.now() - beganMs) / 1000;
    const until = async <T>(what: string, find: () => Promise<T | undefined>): Promise<T> => {
      for (; since() < PATIENCE_S; await wait(50)) {
        if (child.exitCode !== null) throw new Error(`the demo ended before ${what}; see ${join(dir, 'demo.log')}`);
        const found = await find();
        if (found !== undefined) return found;
      }
      throw new Error(`${what} did not come within ${PATIENCE_S} s`);
    };
    const { databaseUrl } = await until('its platform was up', () => Promise.resolve(readEndpoints(demo)));
    const store = await openStore({ url: databaseUrl, max: 1 });
    try {
      await until('its first decision', async () => (await store.decisions({ limit: 1 }))[0]);
      const firstS = since();
      say(`  first decision after ${firstS.toFixed(1)} s`);
      const learned = await until('a decision by what was learned', async () =>
        (await store.decisions({ app: 'berth', limit: 1 })).find((d) => d.predictor === 'model' || d.predictor === 'baseline'),
      );
      return { firstS, learnedS: since(), predictor: learned.predictor };
    } finally {
      await store.close();
    }
  } finally {
    child.kill('SIGINT');
    await exited;
  }
}
