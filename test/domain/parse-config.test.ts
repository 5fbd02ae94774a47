import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cronProblem } from '../../domain/cron.ts';
import { configJsonSchema, parseConfig } from '../../domain/parse-config.ts';

const example = (name: string) => readFileSync(new URL(`../../examples/${name}.berth.yaml`, import.meta.url), 'utf8');
const two = example('two-sites');
const problemsOf = (text: string) => {
  const parsed = parseConfig(text);
  return parsed.ok ? [] : parsed.problems;
};
/** The example with one place changed; a change that changes nothing would test nothing. */
const changed = (from: string | RegExp, to: string) => {
  const text = two.replace(from, to);
  expect(text).not.toBe(two);
  return text;
};

test.each(['demo', 'two-sites'])('the example %s is valid and without warnings', (name) => {
  expect(parseConfig(example(name))).toMatchObject({ ok: true, warnings: [] });
});

test('durations become seconds and defaults are filled in', () => {
  const parsed = parseConfig(two);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  expect(parsed.config.telemetry).toEqual({ step: 1, window: 300 });
  expect(parsed.config.policies['careful']).toMatchObject({
    mode: 'recommend',
    predictor: 'model',
    margin: { absolute: 0.05 },
    ready: { deadline: 300, stable: 5 },
  });
  expect(parsed.config.budgets).toEqual({ fleet: 5, namespace: 5, source: 2, destination: 2 });
});

test('without a word about it nothing is automatic', () => {
  const parsed = parseConfig(changed('    mode: recommend # automatic = berth moves the app by itself\n', ''));
  expect(parsed).toMatchObject({ ok: true, config: { policies: { careful: { mode: 'recommend' } } } });
});

const wrong: readonly [string, () => string, string, RegExp][] = [
  ['an unknown key', () => changed('horizon: 30s', 'horizont: 30s'), 'policies.careful.horizont', /did you mean horizon\?/],
  [
    'an unknown key like no other',
    () => changed('horizon: 30s', 'colour: red'),
    'policies.careful.colour',
    /known here: mode, predictor, horizon/,
  ],
  ['a duplicate key', () => changed('site-1: {}', 'site-0: {}'), '', /unique/],
  ['broken YAML', () => changed('kpis:', 'kpis: ['), '', /./],
  ['a second document', () => `${two}\n---\na: 1\n`, '', /multiple documents/],
  ['no version', () => changed('version: 1', ''), 'version', /expected 1|required/],
  ['a bad duration', () => changed('step: 1s', 'step: 1 fortnight'), 'telemetry.step', /expected a duration such as/],
  ['a negative duration', () => changed('step: 1s', 'step: -1'), 'telemetry.step', /expected a duration/],
  ['a duration that is a list', () => changed('step: 1s', 'step: [1]'), 'telemetry.step', /expected a duration/],
  ['NaN', () => changed('slo: 0.7', 'slo: .nan'), 'objectives.snappy.slo', /NaN/],
  ['infinity', () => changed('worst: 200', 'worst: .inf'), 'objectives.snappy.kpis.0.worst', /./],
  ['a score above 1', () => changed('slo: 0.7', 'slo: 1.2'), 'objectives.snappy.slo', /<=1/],
  ['a bad name', () => changed('  web:', '  Web_1:'), 'apps.Web_1', /a name has 1 to 63/],
  ['a prototype key', () => changed('site-1: {}', 'site-1: {}\n  __proto__: {}'), 'sites.__proto__', /not allowed/],
  ['no sites', () => changed('  site-0: {}\n  site-1: {}', ' {}'), 'sites', /at least one site/],
  [
    'an unknown objective',
    () => changed('objective: snappy', 'objective: snapy'),
    'apps.web.objective',
    /no snapy in objectives; did you mean snappy\?/,
  ],
  ['an unknown policy', () => changed('policy: careful', 'policy: bold'), 'apps.web.policy', /no bold in policies/],
  [
    'an unknown site',
    () => changed('policy: careful', 'policy: careful\n    sites: [site-0, site-2]'),
    'apps.web.sites.1',
    /no site-2 in sites; did you mean site-0\?/,
  ],
  ['a site listed twice', () => changed('policy: careful', 'policy: careful\n    sites: [site-0, site-0]'), 'apps.web.sites.1', /twice/],
  ['an unknown model', () => changed('policy: careful', 'policy: careful\n    model: shop'), 'apps.web.model', /no shop in apps/],
  ['its own name as model', () => changed('policy: careful', 'policy: careful\n    model: web'), 'apps.web.model', /own profile/],
  [
    'a start outside the allowed sites',
    () => changed('    local:\n', '    sites: [site-1]\n    local:\n      start: site-0\n'),
    'apps.web.local.start',
    /not among the sites/,
  ],
  [
    'service and command',
    () => changed('    local:\n', '    local:\n      command: [node, a.js]\n'),
    'apps.web.local',
    /exactly one of service/,
  ],
  ['neither service nor command', () => changed(/ {6}service:.*\n/, ''), 'apps.web.local', /exactly one of service/],
  ['best equal to worst', () => changed('worst: 200', 'worst: 10'), 'objectives.snappy.kpis.0.worst', /must differ/],
  ['best on the wrong side', () => changed('better: lower', 'better: higher'), 'objectives.snappy.kpis.0.best', /best must be higher/],
  ['zero on a log scale', () => changed('best: 10', 'best: 0'), 'objectives.snappy.kpis.0.best', /above 0/],
  ['a horizon below a step', () => changed('horizon: 30s', 'horizon: 500ms'), 'policies.careful.horizon', /at least one telemetry step/],
  [
    'a freshness below a step',
    () => changed('freshness: 30s', 'freshness: 500ms'),
    'policies.careful.freshness',
    /at least one telemetry step/,
  ],
  [
    'more looks than there are',
    () => changed('horizon: 30s', 'horizon: 30s\n    sustained: { looks: 4, of: 3 }'),
    'policies.careful.sustained.looks',
    /4 of 3/,
  ],
  ['a window of less than 5 steps', () => changed('window: 5m', 'window: 4s'), 'telemetry.window', /at least 5 steps/],
  ['a step of 0', () => changed('step: 1s', 'step: 0'), 'telemetry.step', /above 0/],
  ['a look every 0 s', () => changed('every: 15s', 'every: 0'), 'schedules.look.every', /above 0/],
  ['every and cron', () => changed('every: 15s', 'every: 15s, cron: "* * * * *"'), 'schedules.look', /exactly one of every and cron/],
  ['a bad cron', () => changed('every: 15s', 'cron: "60 * * * *"'), 'schedules.look.cron', /minute/],
  [
    'two sites on one core',
    () => changed('site-0: {}\n  site-1: {}', 'site-0: { core: 1 }\n  site-1: { core: 1 }'),
    'sites.site-1.core',
    /core 1 is the site site-0/,
  ],
  ['a visit shorter than settling', () => changed('settle: 5s', 'settle: 1m'), 'profile.visit', /longer than its settling/],
];

describe('a wrong file names the place', () => {
  test.each(wrong)('%s', (_, text, path, message) => {
    const problems = problemsOf(text());
    expect(problems.map((p) => p.path)).toContain(path);
    expect(problems.find((p) => p.path === path)?.message).toMatch(message);
  });

  test('with line and column', () => {
    const text = changed('slo: 0.7', 'slo: 1.2');
    const line = text.split('\n').findIndex((l) => l.includes('slo')) + 1;
    expect(problemsOf(text)[0]).toMatchObject({ line, column: 10 });
  });

  test('an unknown key by the line of the key', () => {
    const text = changed('horizon: 30s', 'horizont: 30s');
    expect(problemsOf(text)[0]).toMatchObject({ line: text.split('\n').findIndex((l) => l.includes('horizont')) + 1, column: 5 });
  });

  test('all of them at once, those the schema sees and those it does not, by line', () => {
    const text = changed('slo: 0.7', 'slo: 7')
      .replace('policy: careful', 'policy: bold')
      .replace('step: 1s', 'step: x')
      .replace('horizon: 30s', 'horizont: 30s')
      .replace('rate: 20', 'rate: many');
    const problems = problemsOf(text);
    expect(problems.map((p) => p.path)).toEqual(
      expect.arrayContaining([
        'objectives.snappy.slo',
        'apps.web.local.load.rate',
        'policies.careful.horizont',
        'apps.web.policy',
        'telemetry.step',
      ]),
    );
    expect(problems.map((p) => p.line)).toEqual(problems.map((p) => p.line).toSorted((a, b) => a - b));
  });
});

describe('a hostile file is refused', () => {
  const lol = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...['b', 'c', 'd', 'e', 'f'].map((k, i) => `${k}: &${k} [${Array(9).fill(`*${'abcdef'[i]}`).join(',')}]`),
  ].join('\n');
  test.each([
    ['larger than 1 MiB', 'a'.repeat(1024 * 1024 + 1)],
    ['an alias bomb', lol],
    ['an alias of itself', 'version: &a { b: *a }'],
    ['10,000 levels of lists', '['.repeat(10_000)],
    ['10,000 levels of maps', Array.from({ length: 1200 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['not a map', '- 1\n- 2\n'],
    ['empty', ''],
    ['null', 'null'],
    ['binary', '\u0000\u0001\u0002'],
  ])('%s', (_, text) => {
    expect(parseConfig(text).ok).toBe(false);
  });

  test('whatever it is: it never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string({ unit: fc.constantFrom('a', ':', ' ', '\n', '-', '{', '[', '&', '*', '!', '"', '#', '|') }),
        ),
        (text) => {
          expect(typeof parseConfig(text).ok).toBe('boolean');
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a valid file with one character changed is still judged', () => {
    fc.assert(
      fc.property(fc.nat(two.length - 1), fc.constantFrom('', ' ', '{', '\t', '9', ':', '\n', '*'), (at, c) => {
        expect(typeof parseConfig(two.slice(0, at) + c + two.slice(at + 1)).ok).toBe('boolean');
      }),
      { numRuns: 300 },
    );
  });
});

test('what looks like an oversight is a warning, not an error', () => {
  const parsed = parseConfig(`${changed('  local: {}', '  {}')}\nbudgets: { fleet: 0 }\n`);
  expect(parsed.ok && parsed.warnings.join('\n')).toMatch(
    /apps\.web\.local: connectors\.local is not configured[\s\S]*budgets\.fleet: with 0/,
  );
});

describe('cron expressions', () => {
  test.each(['* * * * *', '*/5 0-6,22 1,15 jan-mar MON-FRI', '0 0 31 12 7', '5/10 * * * *'])('%s is one', (cron) => {
    expect(cronProblem(cron)).toBeUndefined();
  });
  test.each([
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 8',
    '5-1 * * * *',
    '*/0 * * * *',
    'a * * * *',
    '1,,2 * * * *',
    '@daily',
  ])('%j is none', (cron) => {
    expect(cronProblem(cron)).toMatch(/cron expression/);
  });
});

test('the JSON schema describes what may be written, durations as text or number', () => {
  const schema = configJsonSchema() as {
    properties: Record<string, { properties?: Record<string, unknown> }>;
    required: string[];
    additionalProperties: boolean;
  };
  expect(schema.additionalProperties).toBe(false);
  expect(schema.required.toSorted()).toEqual(['apps', 'objectives', 'sites', 'version']);
  expect(schema.properties['telemetry']?.properties?.['step']).toMatchObject({ type: ['number', 'string'] });
});
