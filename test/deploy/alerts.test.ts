import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { hasPrometheus } from '../connectors/prometheus/real-prometheus.ts';

const RULES = 'deploy/prometheus/berth.rules.yaml';
const BOARD = 'deploy/grafana/berth.json';
const METRICS = 'workers/parts/metrics';
const source = readdirSync(METRICS)
  .map((file) => readFileSync(`${METRICS}/${file}`, 'utf8'))
  .join('\n');
const made = new Set([...source.matchAll(/'(berth_[a-z_]+)'/g)].map(([, name]) => name));
const usedBy = (path: string): string[] =>
  [...readFileSync(path, 'utf8').matchAll(/berth_[a-z_]+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ''));

test.each([RULES, BOARD, 'docs/prometheus.md'])('%s names no metric that berth does not have', (path) => {
  const used = usedBy(path);
  expect(used.length).toBeGreaterThan(5);
  expect(used.filter((name) => !made.has(name))).toEqual([]);
});

test('every metric of berth is explained', () => {
  const explained = new Set(usedBy('docs/prometheus.md'));
  expect([...made].filter((name) => name !== undefined && !explained.has(name))).toEqual([]);
});

test('the board has no panel without a query, a unit and a word of explanation', () => {
  const board = JSON.parse(readFileSync(BOARD, 'utf8')) as {
    panels: { title: string; description: string; targets: { expr: string }[] }[];
  };
  expect(board.panels.filter((p) => p.description === '' || p.targets.length === 0 || p.targets.some((t) => t.expr === ''))).toEqual([]);
  expect(new Set(board.panels.map((p) => p.title)).size).toBe(board.panels.length);
});

test.skipIf(!hasPrometheus)('the alert rules fire when they should and are silent when all is well', () => {
  const said = execFileSync('promtool', ['test', 'rules', 'deploy/prometheus/berth.rules.test.yaml'], { encoding: 'utf8' });
  expect(said).toContain('SUCCESS');
});
