import { expect, test } from 'vitest';

import { promqlProblem } from '../../domain/promql.ts';
import { isConstant, seriesColumns, seriesQuery } from '../../domain/series-query.ts';

test('the query of a series is its selector, or its rate where it only grows', () => {
  expect(seriesQuery({ __name__: 'node_load1', instance: 'a:9100' }, 60)).toBe('node_load1{instance="a:9100"}');
  expect(seriesQuery({ __name__: 'node_cpu_seconds_total', mode: 'idle', cpu: '0' }, 60)).toBe(
    'rate(node_cpu_seconds_total{cpu="0",mode="idle"}[60s])',
  );
  expect(seriesQuery({ __name__: 'up' }, 60)).toBe('up');
});

test('whatever stands in a label, the query can be read', () => {
  for (const value of ['a"b', 'a\\b', 'line\nbreak', '{}', 'ü', ''])
    expect(promqlProblem(seriesQuery({ __name__: 'm_total', path: value }, 5))).toBeUndefined();
});

test('a column is named by what tells its series from the others of its metric, and each name is there once', () => {
  const all = [
    { __name__: 'cpu', host: 'a', mode: 'idle', job: 'node' },
    { __name__: 'cpu', host: 'a', mode: 'user', job: 'node' },
    { __name__: 'cpu', host: 'b', mode: 'user', job: 'node' },
    { __name__: 'load', host: 'a', job: 'node' },
    { __name__: 'x', path: 'a b' },
    { __name__: 'x', path: 'a,b' },
  ];
  expect(seriesColumns(all)).toEqual([
    'cpu.host=a.mode=idle',
    'cpu.host=a.mode=user',
    'cpu.host=b.mode=user',
    'load',
    'x.path=a_b',
    'x.path=a_b.2',
  ]);
});

test.each([
  [[], true],
  [[NaN, NaN], true],
  [[3], true],
  [[3, NaN, 3], true],
  [[0, -0], true],
  [[3, NaN, 3.5], false],
])('%j says nothing: %s', (values, constant) => {
  expect(isConstant(Float64Array.from(values))).toBe(constant);
});
