import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { checkoutFolder } from '../../scripts/platform/checkout.ts';
import { SEARCH_ATTRIBUTES } from '../../scripts/platform/temporal-names.ts';
import { readSettings, workerEnvironment } from '../../workers/parts/settings.ts';

const ROOT = checkoutFolder();
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const service = z.object({
  image: z.string(),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  command: z.array(z.string()).default([]),
  profiles: z.array(z.string()).default([]),
  build: z.object({ context: z.string(), dockerfile: z.string() }).optional(),
});
const compose = z
  .object({ services: z.record(z.string(), service), volumes: z.record(z.string(), z.unknown()) })
  .parse(parse(read('docker-compose.yml'), { merge: true }));
const services = Object.entries(compose.services);
const workers = services.filter(([, { image }]) => image.startsWith('berth:'));

/** What docs/configuration.md explains of the environment of a worker: its own variables, and those the Temporal client's library reads. */
const READ = new Set([
  ...Object.keys(workerEnvironment.shape),
  ...(read('docs/configuration.md').match(/`TEMPORAL_[A-Z_]+`/g) ?? []).map((v) => v.slice(1, -1)),
]);
/** What the images of others document. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  postgres: ['POSTGRES_USER', 'POSTGRES_PASSWORD', 'POSTGRES_DB'],
  temporal: [
    'DB',
    'DB_PORT',
    'POSTGRES_SEEDS',
    'POSTGRES_USER',
    'POSTGRES_PWD',
    'DEFAULT_NAMESPACE',
    'DEFAULT_NAMESPACE_RETENTION',
    'SKIP_ADD_CUSTOM_SEARCH_ATTRIBUTES',
  ],
  'temporal-setup': ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'],
  'temporal-ui': ['TEMPORAL_ADDRESS', 'TEMPORAL_DEFAULT_NAMESPACE'],
};

const dockerfile = read('deploy/Dockerfile').replaceAll('\\\n', ' ').split('\n');
const instructions = (name: string): string[] =>
  dockerfile.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1).trim());
const imageEnvironment = Object.fromEntries(instructions('ENV').map((line) => line.split('=') as [string, string]));

/** As compose would fill them in. */
const filled = (value: string): string =>
  value.replace(/\$\{(\w+):([?-])([^}]*)\}/g, (_, name: string, kind: string, text: string) => (kind === '-' ? text : name.toLowerCase()));

describe('docker-compose.yml', () => {
  test('has one service for each process in workers/ and none without a file', () => {
    const files = readdirSync(join(ROOT, 'workers'))
      .filter((name) => name.endsWith('.ts') && name !== 'all.ts')
      .map((name) => name.replace(/\.ts$/, ''));
    expect(workers.map(([name]) => name).sort()).toEqual(files.sort());
    expect(
      services
        .map(([name]) => name)
        .filter((name) => !files.includes(name))
        .sort(),
    ).toEqual(Object.keys(OTHERS).sort());
  });

  test.each(workers)('%s runs the worker of its name from the image', (name, { command, build, profiles }) => {
    expect(command).toEqual(['node', `build/workers/${name}.js`]);
    expect(build).toEqual({ context: '.', dockerfile: 'deploy/Dockerfile' });
    expect(profiles).toEqual(['workers']);
  });

  test.each(services)('%s sets only variables that somebody reads', (name, { environment }) => {
    const known = OTHERS[name] ?? [...READ];
    expect(Object.keys(environment).filter((variable) => !known.includes(variable))).toEqual([]);
  });

  test.each(workers)('%s is given an environment that a worker starts with', (_, { environment }) => {
    const given = Object.fromEntries(Object.entries({ ...imageEnvironment, ...environment }).map(([name, value]) => [name, filled(value)]));
    const settings = readSettings({ ...given, TEMPORAL_CONFIG_FILE: join(ROOT, '.berth', 'no-temporal.toml') });
    expect(settings).toMatchObject({ namespace: 'berth', temporal: { address: 'temporal:7233' }, blobs: '/var/lib/berth/blobs' });
    expect(settings.databaseUrl).toBe('postgres://berth:berth_postgres_password@postgres:5432/berth');
  });

  test('only the actuator has settings that have to do with changing a cluster, and by default it may touch no app', () => {
    const writing = ['BERTH_ALLOWED_APPS', 'BERTH_LOCAL_CLUSTER', 'KUBECONFIG'];
    const holders = services.filter(([, { environment }]) => writing.some((variable) => variable in environment)).map(([name]) => name);
    expect(holders).toEqual(['actuator']);
    expect(filled(compose.services['actuator']?.environment['BERTH_ALLOWED_APPS'] ?? 'absent')).toBe('');
    const { allowedApps } = readSettings({
      DATABASE_URL: 'postgres://db',
      BERTH_BLOBS: '/b',
      BERTH_ALLOWED_APPS: '',
      TEMPORAL_CONFIG_FILE: '/nowhere',
    });
    expect(allowedApps?.size).toBe(0);
  });

  test('every image is pinned to a version, and every port is for this machine only', () => {
    const images = [...services.map(([, { image }]) => image), ...instructions('FROM').map((line) => line.split(' ')[0] ?? '')];
    expect(images.filter((image) => !/^[a-z/-]+:v?\d+\.\d+\.?\d*[\w.-]*$/.test(image))).toEqual([]);
    expect(services.flatMap(([, { ports }]) => ports).filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  test('every named volume is declared, and no password stands in the file', () => {
    const used = services.flatMap(([, { volumes }]) => volumes.map((volume) => volume.split(':')[0] ?? ''));
    expect([...new Set(used)].sort()).toEqual(Object.keys(compose.volumes).sort());
    const secrets = services.flatMap(([, { environment }]) =>
      Object.entries(environment).filter(([name]) => /PASSWORD|PWD|SECRET|TOKEN/.test(name)),
    );
    expect(secrets.filter(([, value]) => !value.startsWith('${'))).toEqual([]);
  });

  test('registers the search attributes that the workflows set', () => {
    const { command } = compose.services['temporal-setup'] ?? { command: [] };
    expect(command).toEqual(Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => ['--name', name, '--type', type]));
  });
});

describe('deploy/Dockerfile', () => {
  test('copies what is there, and .dockerignore lets it through', () => {
    const sources = instructions('COPY')
      .filter((line) => !line.startsWith('--from'))
      .flatMap((line) => line.split(/\s+/).slice(0, -1));
    expect(sources.filter((source) => !existsSync(join(ROOT, source)))).toEqual([]);
    const letThrough = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    expect([...new Set(sources)].sort()).toEqual(letThrough.sort());
  });

  test('copies every folder that the workers are compiled from', () => {
    const { include } = z.object({ include: z.array(z.string()) }).parse(JSON.parse(read('tsconfig.build.json')));
    const copied = instructions('COPY').flatMap((line) => line.split(/\s+/));
    expect(include.filter((folder) => existsSync(join(ROOT, folder)) && !copied.includes(folder))).toEqual([]);
  });

  test('sets only variables that a worker reads, and installs without the download that fails behind many networks', () => {
    expect(Object.keys(imageEnvironment).filter((variable) => !READ.has(variable))).toEqual([]);
    expect(instructions('RUN').filter((line) => line.includes('npm ci'))).toEqual([
      expect.stringContaining('ONNXRUNTIME_NODE_INSTALL=skip npm ci'),
    ]);
  });

  test('runs as an unprivileged user, on glibc, and is judged by /readyz at the port it sets', () => {
    const last = dockerfile.slice(dockerfile.findLastIndex((line) => line.startsWith('FROM ')));
    expect(last).toContain('USER node');
    expect(instructions('FROM').every((line) => /^node:20\.\d+\.\d+-bookworm-slim( |$)/.test(line))).toBe(true);
    expect(last.find((line) => line.startsWith('HEALTHCHECK '))).toContain('${process.env.BERTH_HEALTH_PORT}/readyz');
    expect(imageEnvironment['BERTH_HEALTH_PORT']).toMatch(/^\d+$/);
  });
});
