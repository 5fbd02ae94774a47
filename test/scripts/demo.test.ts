import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { DemoResult } from '../../scripts/demo/result.ts';

const run = promisify(execFile);
const root = new URL('../../', import.meta.url).pathname;

describe('npm run demo', () => {
  let dir: string;
  let result: DemoResult;
  let said: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'berth-demo-'));
    const json = join(dir, 'demo.json');
    // Servers that must not be touched: nothing listens there, so a demo that asked them would fail.
    const env = { ...process.env, TEMPORAL_ADDRESS: '127.0.0.1:1', DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
    const { stderr } = await run(process.execPath, ['scripts/run.mjs', 'demo', '--sites', 'simulated', '--seconds', '30', '--json', json], {
      cwd: root,
      env,
      maxBuffer: 2 ** 26,
    });
    said = stderr;
    result = JSON.parse(await readFile(json, 'utf8')) as DemoResult;
  }, 900_000);

  afterAll(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  test('loses no request by a switch', () => {
    expect(result.requests.failed).toBe(0);
    expect(result.requests.sent).toBeGreaterThan(1000);
    for (const move of result.moves) expect(move.failedRequests).toBe(0);
  });

  test('looks, predicts and decides for every app', () => {
    expect(result.looks).toBeGreaterThan(5);
    // One decision per app and look, but for looks still under way at the end.
    expect(result.decisions).toBeGreaterThanOrEqual(3 * (result.looks - 2));
    expect(result.predictions).toBeGreaterThan(0);
  });

  test('never moves the app that is held', () => {
    expect(result.policies.held.moves).toBe(0);
  });

  test('says which sites it used and what serves', () => {
    expect(result.sites).toBe('simulated');
    expect(said).toContain('SIMULATED');
    expect(['model', 'baseline']).toContain(result.model.servedBy);
    if (result.model.servedBy === 'model') expect(result.model.skill).toBeGreaterThan(0);
  });

  test('ends every workflow well and replays every history through the present code', () => {
    for (const [type, counts] of Object.entries(result.workflows)) expect({ type, failed: counts.failed }).toEqual({ type, failed: 0 });
    const made = Object.values(result.workflows).reduce((sum, c) => sum + c.completed + c.failed + c.running, 0);
    expect(result.replayed).toBeGreaterThanOrEqual(made - 1);
  });

  test('leaves nothing running', async () => {
    const { stdout } = await run('ps', ['-eo', 'args']);
    expect(stdout.split('\n').filter((line) => line.includes(join(root, '.berth', 'demo')))).toEqual([]);
  });
});
