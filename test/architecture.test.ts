import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { checkoutFolder } from '../scripts/platform/checkout.ts';
import { defaultExports, impurities, outwardArrows, tooLong, unservedWorkers, workflowImports } from './architecture-rules.ts';
import type { Source, Violation } from './architecture-rules.ts';

const ROOT = checkoutFolder();
const FOLDERS = ['workflows', 'activities', 'domain', 'learning', 'connectors', 'workers', 'api', 'scripts', 'test'];

const sources: Source[] = FOLDERS.filter((folder) => existsSync(join(ROOT, folder)))
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
  )
  .filter((path) => /\.(?:ts|mjs|js)$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

const RULES: readonly (readonly [string, (source: Source) => Violation[]])[] = [
  ['workflows import values only from workflows and @temporalio/workflow', workflowImports],
  ['domain and learning know no clock, network, environment, files, chance or Temporal', impurities],
  ['arrows point inward', outwardArrows],
  ['no file is longer than 300 lines', tooLong],
  ['exports are named', defaultExports],
];

describe('the architecture', () => {
  test('there are sources to look at', () => {
    expect(sources.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['domain/config.ts', 'learning/contract.ts', 'scripts/run.mjs']),
    );
  });

  test.each(RULES)('%s', (_, rule) => {
    expect(sources.flatMap(rule).map(({ path, line, what }) => `${path}:${line}: ${what}`)).toEqual([]);
  });

  test('every worker has a compose service of its name', (context) => {
    const file = join(ROOT, 'docker-compose.yml');
    if (!existsSync(file)) return context.skip('there is no docker-compose.yml yet');
    const { services } = z.object({ services: z.record(z.string(), z.unknown()) }).parse(parse(readFileSync(file, 'utf8')));
    const workers = sources.map(({ path }) => path).filter((path) => path.startsWith('workers/'));
    expect(unservedWorkers(workers, Object.keys(services))).toEqual([]);
  });
});

const found = (rule: (source: Source) => Violation[], path: string, text: string): string[] =>
  rule({ path, text }).map(({ line, what }) => `${line}: ${what}`);

describe('the rules bite', () => {
  test('a value from outside in a workflow is found, in every spelling', () => {
    const text = [
      `import { decide } from '../domain/decide.ts';`,
      `import type { Plan } from '../domain/decide.ts';`,
      `import { type Plan, choose } from '../domain/decide.ts';`,
      `export { x } from 'zod';`,
      `import './queues.ts';`,
      `import '../domain/side.ts';`,
      `import { sleep } from '@temporalio/workflow';`,
      `import { type A, type B } from '../domain/a.ts';`,
      `const late = await import('node:fs');`,
    ].join('\n');
    expect(found(workflowImports, 'workflows/a.ts', text)).toEqual([
      '1: workflows/ imports a value from ../domain/decide.ts',
      '3: workflows/ imports a value from ../domain/decide.ts',
      '4: workflows/ imports a value from zod',
      '6: workflows/ imports a value from ../domain/side.ts',
      '9: workflows/ imports a value from node:fs',
    ]);
  });

  test('clock, chance, environment and files in pure code are found', () => {
    const text = [
      `import { readFile } from 'node:fs/promises';`,
      `import { createHash } from 'node:crypto';`,
      `const a = Date.now() + Math.random() + performance.now();`,
      `const b = new Date();`,
      `const c = new Date(a);`,
      `const d = process.env['X'];`,
      `const e = { process: 1, fetch: 2 }.process;`,
      `await fetch('http://x');`,
      `interface F { readonly process: number; fetch(): void }`,
    ].join('\n');
    expect(found(impurities, 'domain/a.ts', text)).toEqual([
      '1: pure code imports node:fs/promises',
      '3: pure code uses Date.now',
      '3: pure code uses Math.random',
      '3: pure code uses performance',
      '4: pure code uses new Date()',
      '6: pure code uses process',
      '8: pure code uses fetch',
    ]);
    expect(found(impurities, 'connectors/a.ts', text)).toEqual([]);
  });

  test('an arrow that points outward is found', () => {
    expect(found(outwardArrows, 'domain/a.ts', `import type { Blobs } from '../connectors/ports.ts';`)).toEqual([
      '1: domain/ imports a type from ../connectors/ports.ts',
    ]);
    expect(
      found(outwardArrows, 'learning/trees/a.ts', `import { q } from '../../domain/q.ts';\nimport { s } from '../../scripts/s.ts';`),
    ).toEqual(['2: learning/ imports a value from ../../scripts/s.ts']);
    expect(found(outwardArrows, 'activities/a.ts', `import { open } from '../connectors/local/open.ts';`)).toHaveLength(1);
    expect(
      found(outwardArrows, 'workers/a.ts', `import { open } from '../connectors/local/open.ts';\nimport { x } from '../scripts/x.ts';`),
    ).toHaveLength(1);
  });

  test('a long file, a default export and a worker without a service are found', () => {
    expect(found(tooLong, 'domain/a.ts', 'x;\n'.repeat(301))).toEqual(['301: 301 lines, 300 at most']);
    expect(found(tooLong, 'domain/a.ts', 'x;\n'.repeat(300))).toEqual([]);
    expect(found(defaultExports, 'api/a.ts', 'export default 1;')).toHaveLength(1);
    expect(found(defaultExports, 'api/a.ts', 'const a = 1;\nexport { a as default };')).toHaveLength(1);
    expect(found(defaultExports, 'api/a.ts', 'export default function f() {}')).toHaveLength(1);
    expect(found(defaultExports, 'vitest.config.ts', 'export default 1;')).toEqual([]);
    expect(
      unservedWorkers(['workers/a.ts', 'workers/all.ts', 'workers/parts/b.ts', 'workers/c.ts'], ['a', 'db']).map(({ path }) => path),
    ).toEqual(['workers/c.ts']);
  });
});
