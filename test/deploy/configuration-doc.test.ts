import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Config } from '../../domain/config.ts';
import { configJsonSchema, parseConfig } from '../../domain/parse-config.ts';
import { checkoutFolder } from '../../scripts/platform/checkout.ts';
import { workerEnvironment } from '../../workers/parts/settings.ts';

const PAGE = readFileSync(join(checkoutFolder(), 'docs', 'configuration.md'), 'utf8');

/** Cells of every table row below a heading, up to the next heading of that level. */
function rowsBelow(heading: string): string[][] {
  const [, after = ''] = PAGE.split(`\n## ${heading}\n`);
  const [section = ''] = after.split('\n## ');
  const cells = section.split('\n').map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')),
  );
  return cells.filter(([first, second]) => first !== undefined && second !== undefined && !/^(?:-+|key|variable)$/.test(first));
}

const CONFIG_ROWS = rowsBelow('berth.yaml').map(([key = '', fallback = '']) => ({ key, fallback }));
const WORKER_ROWS = rowsBelow('Environment of a worker').map(([variable = '', , fallback = '']) => ({ variable, fallback }));

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
}
const NAMES: Readonly<Record<string, string>> = {
  sites: '<site>',
  objectives: '<objective>',
  policies: '<policy>',
  apps: '<app>',
  'notifications.receivers': '<receiver>',
};

/** Every key that a person may write, as the page writes it. */
function keysOf(node: Node, path: string): string[] {
  const below = (at: Node, inner: string): string[] => (at.properties ? keysOf(at, inner) : [inner]);
  return Object.entries(node.properties ?? {}).flatMap(([key, value]) => {
    const here = path === '' ? key : `${path}.${key}`;
    const named = value.additionalProperties;
    if (typeof named === 'object' && named.properties) return below(named, `${here}.${NAMES[here] ?? '<name>'}`);
    return value.items?.properties ? below(value.items, `${here}[]`) : below(value, here);
  });
}

/** As short as a file can be in which every block that has no default is there. */
const SHORTEST = `
version: 1
connectors:
  local: { neighbours: { warm: 1s, hot: 1s, gap: 1s } }
  kubernetes: {}
  prometheus: { url: 'http://prometheus:9090' }
sites: { s: {}, t: {} }
objectives: { o: { kpis: [{ name: latency, unit: ms, better: lower, best: 1, worst: 2 }], slo: 0.5 } }
policies: { p: { windows: { open: [{ from: '22:00', to: '06:00' }], blackout: [{ name: x, from: '2026-12-24' }] } } }
apps: { a: { objective: o, policy: p, local: { service: {}, load: { rate: 0 } } }, k: { objective: o, policy: p, kubernetes: {} } }
notifications: { receivers: { r: { url: 'https://h.example/', secret: { env: KEY } } } }
`;
const STAND_IN: Readonly<Record<string, string>> = { '<site>': 's', '<objective>': 'o', '<policy>': 'p', '<app>': 'a', '<receiver>': 'r' };
const stepsOf = (key: string): string[] =>
  key
    .replaceAll('[]', '.0')
    // An app runs on one cluster only.
    .replace('apps.<app>.kubernetes', 'apps.k.kubernetes')
    .split('.')
    .map((step) => STAND_IN[step] ?? step);

type Tree = Record<string, unknown>;

/** The object that holds the last step, made where it is absent. */
function holderOf(tree: Tree, steps: readonly string[]): Tree {
  return steps.slice(0, -1).reduce<Tree>((at, step) => (at[step] ??= {}) as Tree, tree);
}

function edited(key: string, edit: (holder: Tree, last: string) => void): ReturnType<typeof parseConfig> {
  const tree = parse(SHORTEST) as Tree;
  const steps = stepsOf(key);
  edit(holderOf(tree, steps), steps.at(-1) ?? '');
  return parseConfig(stringify(tree));
}

function configOf(parsed: ReturnType<typeof parseConfig>): Config {
  if (!parsed.ok) throw new Error(parsed.problems.map((p) => `${p.path}: ${p.message}`).join('\n'));
  return parsed.config;
}

describe('docs/configuration.md on berth.yaml', () => {
  test('names every key there is, and no other', () => {
    const keys = keysOf(configJsonSchema() as Node, '');
    expect(keys.length).toBeGreaterThan(50);
    expect(CONFIG_ROWS.map(({ key }) => key).sort()).toEqual(keys.sort());
  });

  test.each(CONFIG_ROWS.filter(({ fallback }) => fallback !== 'required' && fallback !== 'none'))(
    '$key: to write the default $fallback out changes nothing',
    ({ key, fallback }) => {
      const written = edited(key, (holder, last) => (holder[last] = parse(fallback)));
      expect(configOf(written)).toEqual(configOf(parseConfig(SHORTEST)));
    },
  );

  test.each(CONFIG_ROWS.filter(({ fallback }) => fallback === 'required'))('$key cannot be left out', ({ key }) => {
    const parsed = edited(key, (holder, last) => {
      expect(holder).toHaveProperty(last);
      delete holder[last];
    });
    expect(parsed.ok).toBe(false);
  });

  test.each(CONFIG_ROWS.filter(({ fallback }) => fallback === 'none'))('$key has no default', ({ key }) => {
    const value = stepsOf(key).reduce<unknown>((at, step) => (at as Tree | undefined)?.[step], configOf(parseConfig(SHORTEST)));
    expect(value).toBeUndefined();
  });
});

describe('docs/configuration.md on the environment', () => {
  test('names every variable of a worker', () => {
    expect(WORKER_ROWS.map(({ variable }) => variable).sort()).toEqual(Object.keys(workerEnvironment.shape).sort());
  });

  test('and its default', () => {
    const least = { DATABASE_URL: 'postgres://db', BERTH_BLOBS: '/blobs' };
    const defaults = workerEnvironment.parse(least);
    for (const { variable, fallback } of WORKER_ROWS) {
      const value = variable in least ? 'required' : String(defaults[variable as keyof typeof defaults] ?? 'none');
      expect(`${variable}: ${fallback}`).toBe(`${variable}: ${value}`);
    }
    for (const variable of Object.keys(least)) expect(workerEnvironment.safeParse({ ...least, [variable]: undefined }).success).toBe(false);
  });

  test('the variables of the Temporal client are those that its library reads', () => {
    const library = dirname(createRequire(import.meta.url).resolve('@temporalio/envconfig'));
    const files = readdirSync(library).filter((file) => file.endsWith('.js'));
    const source = files.map((file) => readFileSync(join(library, file), 'utf8')).join('\n');
    const named = [...new Set(PAGE.match(/TEMPORAL_[A-Z_]*[A-Z]/g) ?? [])].filter((variable) => variable !== 'TEMPORAL_CLI_PATH');
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((variable) => !source.includes(variable))).toEqual([]);
  });
});
