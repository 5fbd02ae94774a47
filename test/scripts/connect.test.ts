import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { findEndpoints, temporalConnection } from '../../scripts/commands/connect.ts';
import { ownIdentity } from '../../scripts/platform/lock.ts';
import { writeEndpoints } from '../../scripts/up/endpoints.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'berth-connect-'));
  for (const name of Object.keys(process.env).filter((key) => key.startsWith('TEMPORAL_'))) vi.stubEnv(name, undefined);
  vi.stubEnv('TEMPORAL_CONFIG_FILE', join(dir, 'temporal.toml'));
  vi.stubEnv('DATABASE_URL', 'postgres://berth@127.0.0.1:1/berth');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

test('a server that the environment names is reached with its key, over TLS', () => {
  vi.stubEnv('TEMPORAL_ADDRESS', 'cloud.example:7233');
  vi.stubEnv('TEMPORAL_API_KEY', 'a-key');
  const { temporalAddress, namespace } = findEndpoints({ dir });
  expect([temporalAddress, namespace]).toEqual(['cloud.example:7233', 'berth']);
  expect(temporalConnection(temporalAddress)).toEqual({ address: 'cloud.example:7233', apiKey: 'a-key', tls: true });
});

test('a server that a profile names is reached as the profile says', () => {
  const lines = ['[profile.default]', 'address = "cloud.example:7233"', 'namespace = "mine"', 'api_key = "a-key"'];
  writeFileSync(join(dir, 'temporal.toml'), [...lines, '[profile.default.grpc_meta]', 'team = "x"', ''].join('\n'));
  const { temporalAddress, namespace } = findEndpoints({ dir });
  expect([temporalAddress, namespace]).toEqual(['cloud.example:7233', 'mine']);
  expect(temporalConnection(temporalAddress)).toEqual({
    address: 'cloud.example:7233',
    apiKey: 'a-key',
    tls: true,
    metadata: { team: 'x' },
  });
});

test('a key is sent to no other server than the one it was given for', async () => {
  vi.stubEnv('TEMPORAL_ADDRESS', 'cloud.example:7233');
  vi.stubEnv('TEMPORAL_API_KEY', 'a-key');
  await writeEndpoints(dir, {
    temporalAddress: '127.0.0.1:9',
    namespace: 'berth',
    databaseUrl: 'postgres://127.0.0.1:2/berth',
    blobs: dir,
    owner: ownIdentity(),
  });
  const running = findEndpoints({ dir }).temporalAddress;
  expect(temporalConnection(running)).toEqual({ address: '127.0.0.1:9' });
  const typed = findEndpoints({ dir, temporal: 'other.example:7233' }).temporalAddress;
  expect(temporalConnection(typed)).toEqual({ address: 'other.example:7233' });
});

test('without any server the way out is said', () => {
  expect(() => findEndpoints({ dir })).toThrow('npm start');
});
