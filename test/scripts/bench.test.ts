import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

import { between } from '../../scripts/bench/loop.ts';
import { readLoopOptions } from '../../scripts/bench/options.ts';
import { quantile } from '../../scripts/bench/histories.ts';
import { fleetConfig, homeOf, isHot, siteNames } from '../../scripts/bench/fleet.ts';
import { judgeGoals } from '../../scripts/bench/goals.ts';
import { readUsage } from '../../scripts/bench/usage.ts';
import { renderResults } from '../../scripts/bench/render.ts';
import type { Result } from '../../scripts/bench/results.ts';
import { checkoutFolder } from '../../scripts/platform/checkout.ts';

const root = checkoutFolder();
const run = promisify(execFile);
const bench = (...args: string[]) =>
  run(process.execPath, [join(root, 'scripts', 'run.mjs'), 'bench', ...args], { cwd: root, maxBuffer: 2 ** 24 });

describe('npm run bench', () => {
  test('without a name it lists the benchmarks, and an unknown one is refused', async () => {
    expect((await bench()).stdout).toMatch(/loop/);
    await expect(bench('lop')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('there is no benchmark "lop"') as string });
  });

  test('options that make no sense are refused by name', () => {
    expect(() => readLoopOptions(['--apps', 'many'])).toThrow(/--apps: a whole number/);
    expect(() => readLoopOptions(['--part', 'lok'])).toThrow(/--part: there is no lok; look, recovery/);
    expect(() => readLoopOptions(['--size', '3'])).toThrow(/size/);
  });

  test('a fleet has no more models than apps', () => {
    const { cells } = readLoopOptions(['--apps', '100,1000', '--models', '1,1000']);
    expect(cells.map((c) => `${c.apps}/${c.models}`)).toEqual(['100/1', '1000/1', '1000/1000']);
  });

  test('a smoke run measures looks and a recovery with real servers and workers', { timeout: 300_000 }, async () => {
    const { stdout } = await bench('loop', '--quick');
    expect(stdout).toMatch(/\| 40 x 4, 2 models, 2 s /);
    expect(stdout).toMatch(/all workers killed at 40 apps/);
    const kept = JSON.parse(await readFile(join(root, '.berth', 'bench-quick', 'loop.json'), 'utf8')) as Result[];
    const look = kept.find((r) => r.kind === 'look');
    const recovery = kept.find((r) => r.kind === 'recovery');
    if (look?.kind !== 'look' || recovery?.kind !== 'recovery') throw new Error('both parts are kept');
    expect(look.figures.counts).toMatchObject({ stay: expect.any(Number) as number });
    expect(Object.values(look.figures.counts).reduce((sum, n) => sum + n, 0)).toBe(40);
    expect(look.figures.eventsPerLook).toBeGreaterThan(10);
    expect(look.figures.looks).toBeGreaterThanOrEqual(2);
    expect(recovery.figures.kills).toHaveLength(1);
  });
});

describe('what the figures are made from', () => {
  test('one site is hot at a time, for one interval each', () => {
    const shape = { apps: 10, sites: 4, models: 1, everyS: 5 };
    const hot = (atS: number) => [0, 1, 2, 3].filter((site) => isHot(site, 1000 * atS, shape));
    expect([hot(0), hot(4), hot(5), hot(19), hot(20)]).toEqual([[0], [0], [1], [3], [0]]);
  });

  test('apps spread over the sites by their number, and half of each site may move', () => {
    const { apps } = fleetConfig({ apps: 16, sites: 4, models: 1, everyS: 5 });
    const onFirst = Object.keys(apps).filter((app) => homeOf(app, siteNames(4)) === 'site-00');
    expect(onFirst).toEqual(['app-00000', 'app-00004', 'app-00008', 'app-00012']);
    expect(onFirst.map((app) => apps[app]?.policy)).toEqual(['restless', 'steady', 'restless', 'steady']);
  });

  test('p95 of few values is the greatest, and unknown ones do not count', () => {
    expect(quantile([3, NaN, 1, 2], 0.95)).toBe(3);
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([], 0.5)).toBeNaN();
  });

  test('the CPU of a process that works grows, where the machine tells', () => {
    const before = readUsage({ own: process.pid });
    if (!before) return;
    let burnt = 0;
    while ((readUsage({ own: process.pid })?.['own']?.cpuS ?? 0) < (before['own']?.cpuS ?? 0) + 0.02) burnt += Math.sqrt(burnt + 1);
    expect(before['own']?.memoryMb).toBeGreaterThan(10);
    expect(burnt).toBeGreaterThan(0);
  });

  test('a goal without a measurement says so instead of being met', () => {
    expect(judgeGoals([]).every((g) => g.measured === undefined && g.met === undefined)).toBe(true);
    expect(renderResults([])).toMatch(/not measured/);
  });

  test('a pause slower than its goal is not met', () => {
    const pause = { n: 5, p50: 0.03, max: 0.3 };
    const result: Result = {
      key: 'pause',
      at: '2026-01-01T00:00:00Z',
      commit: 'c',
      machine: 'm',
      loadBefore: 0,
      kind: 'pause',
      figures: { shape: { apps: 10, sites: 4, models: 1, everyS: 5 }, looks: 2, running: pause, fresh: { ...pause, max: 0.1 } },
    };
    const goal = judgeGoals([result]).find((g) => g.goal.startsWith('pause'));
    expect(goal).toMatchObject({ met: false, measured: '300 ms' });
    expect(renderResults([result])).toMatch(/300 ms +\| \*\*not met\*\*/);
  });

  test('the page keeps everything outside of its marks', () => {
    const page = 'a\n<!-- measured: npm run bench -- loop --write -->\nold\n<!-- end of measured -->\nb\n';
    expect(between(page, 'new')).toBe('a\n<!-- measured: npm run bench -- loop --write -->\n\nnew\n\n<!-- end of measured -->\nb\n');
    expect(() => between('no marks', 'new')).toThrow(/lacks the marks/);
  });
});
