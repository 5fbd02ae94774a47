import { expect, test } from 'vitest';
import { promqlProblem, withLookback } from '../../domain/promql.ts';

test.each([
  ['up', 'last_over_time(up[60000ms])'],
  ['sum by (node) (mem{a="}"}) / 2', 'sum by (node) (last_over_time(mem{a="}"}[60000ms])) / 2'],
  ['a / b offset 5m', 'last_over_time(a[60000ms]) / last_over_time(b[60000ms] offset 5m)'],
  ['a @ end() offset 1h30m > 0', 'last_over_time(a[60000ms] @ end() offset 1h30m) > 0'],
  ['{__name__=~"a.*"}', 'last_over_time({__name__=~"a.*"}[60000ms])'],
  ['rate(cpu[1m] offset 2m)', 'rate(cpu[1m] offset 2m)'],
  ['max_over_time(a[5m:1m])', 'max_over_time(last_over_time(a[60000ms])[5m:1m])'],
  ['timestamp(up)', 'timestamp(up)'],
  ['1 + 1', '1 + 1'],
])('%s never looks back further', (query, bounded) => {
  expect(withLookback(query, 60)).toBe(bounded);
});

test.each([
  ['rate(cpu[1m])', undefined],
  ['histogram_quantile(0.99, sum by (le, app) (rate(x_bucket[1m])))', undefined],
  ['rate(cpu', 'not a query at 1:9, where it ends'],
  ['sum by (a)\n  foo bar', 'not a query at 2:3, at "foo bar"'],
])('%s: %s', (query, problem) => {
  expect(promqlProblem(query)).toBe(problem);
});
