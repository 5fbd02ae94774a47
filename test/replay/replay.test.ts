import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { bundleWorkflows } from '../../scripts/platform/bundle-workflows.ts';
import { checkoutFolder } from '../../scripts/platform/checkout.ts';
import { quietRuntime } from '../workflows/quiet-runtime.ts';
import { workflowBundlePath } from '../setup/servers.ts';
import { recordedHistories, type Recorded } from './history-files.ts';

const ROOT = checkoutFolder();
/** At least one history per workflow and outcome; a name that is missing here or there is a history somebody forgot. */
const WANTED = [
  'deliver-notices.done',
  ...['cancelled', 'done', 'not-ready', 'refused-by-claim', 'refused-by-dry-run', 'refused-by-recheck', 'regress', 'revert-failed'].map(
    (o) => `migrate-app.${o}`,
  ),
  ...['approval-refused', 'approved', 'carried-on', 'continued', 'moved', 'repaired', 'unknown-app'].map(
    (o) => `placement-controller.${o}`,
  ),
  'drain-site.done',
  'drain-site.undone',
  'predict-qos.done',
  ...['cancelled', 'done', 'one-visit-failed', 'refused'].map((o) => `profile-app.${o}`),
  'replay-decisions.done',
  'replay-decisions.refused',
  ...['approved', 'kept', 'promoted', 'turned-down'].map((o) => `promote-model.${o}`),
  'rollback-model.done',
  'check-drift.none',
  'check-drift.trained',
  'train-model.promoted',
  'train-model.too-little',
  'watch-fleet.carried-on',
  'watch-fleet.continued',
];

let recorded: Recorded[];
let code: string;
let dir: string;

beforeAll(async () => {
  quietRuntime();
  recorded = await recordedHistories();
  code = await readFile(await workflowBundlePath(), 'utf8');
  await mkdir(join(ROOT, '.berth'), { recursive: true });
  // Inside the checkout, so that the copy finds the packages.
  dir = await mkdtemp(join(ROOT, '.berth', 'reordered-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Names of the histories that a bundle cannot follow, with the reason. */
async function failures(bundle: string, histories: readonly Recorded[]): Promise<Record<string, string>> {
  const failed: Record<string, string> = {};
  const each = histories.map(({ name, history }) => ({ workflowId: name, history }));
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle: { code: bundle } }, each)) {
    if (error) failed[workflowId] = `${error.name}: ${error.message}`;
  }
  return failed;
}

/** The bundle of a copy of the workflows with some text of one file changed. */
async function changed(file: string, change: (text: string) => string): Promise<string> {
  const copy = await mkdtemp(join(dir, 'workflows-'));
  await cp(join(ROOT, 'workflows'), copy, { recursive: true });
  const before = await readFile(join(copy, file), 'utf8');
  expect(change(before)).not.toBe(before);
  await writeFile(join(copy, file), change(before));
  await bundleWorkflows(join(copy, 'index.ts'), join(copy, 'bundle.js'));
  return await readFile(join(copy, 'bundle.js'), 'utf8');
}

const swapped = (a: string, b: string) => (text: string) => text.replaceAll(a, '\u0000').replaceAll(b, a).replaceAll('\u0000', b);

test('there is a history of every workflow and outcome, and each is small', () => {
  expect(recorded.map(({ name }) => name)).toEqual(WANTED.toSorted());
  for (const { name, history } of recorded) expect(history.events.length, name).toBeLessThanOrEqual(200);
});

test('every recorded history replays in the present code', async () => {
  expect(await failures(code, recorded)).toEqual({});
});

describe('the gate bites', () => {
  const ofMoves = () => recorded.filter(({ name }) => name.startsWith('migrate-app'));

  test('when a move waits for the app before it applies the change', async () => {
    const bundle = await changed('migrate-app.ts', swapped('actuate.applyMove', 'rollout.awaitReady'));
    expect(Object.keys(await failures(bundle, ofMoves()))).toEqual([
      'migrate-app.cancelled',
      'migrate-app.done',
      'migrate-app.not-ready',
      'migrate-app.refused-by-dry-run',
      'migrate-app.regress',
      'migrate-app.revert-failed',
    ]);
  });

  test('when a move re-checks before it claims', async () => {
    const bundle = await changed('migrate-app.ts', swapped('store.claimMove(', 'store.recheckMove('));
    expect(Object.keys(await failures(bundle, ofMoves()))).toContain('migrate-app.done');
  });

  test('when a controller starts a move before it is known to the store', async () => {
    const bundle = await changed('placement-controller.ts', swapped('await takeStock(own)', 'await act(own)'));
    const failed = await failures(
      bundle,
      recorded.filter(({ name }) => name.startsWith('placement-controller')),
    );
    expect(Object.keys(failed)).toContain('placement-controller.moved');
  });
});
