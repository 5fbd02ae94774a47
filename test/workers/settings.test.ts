import { describe, expect, test } from 'vitest';

import { readSettings } from '../../workers/parts/settings.ts';

const RIGHT = {
  DATABASE_URL: 'postgres://berth@127.0.0.1:5432/berth',
  BERTH_BLOBS: '/tmp/blobs',
  TEMPORAL_CONFIG_FILE: '/nowhere/temporal.toml',
};

describe('the environment of a worker', () => {
  test('is read with its defaults', () => {
    const settings = readSettings(RIGHT);
    expect(settings).toMatchObject({ namespace: 'berth', temporal: { address: '127.0.0.1:7233' }, shardApps: 500, log: 'info' });
    expect(settings.health).toBeUndefined();
    expect(settings.allowedApps).toBeUndefined();
  });

  test('lists every problem at once, each by its variable', () => {
    const wrong = { BERTH_HEALTH_PORT: '70000', BERTH_SHARD_APPS: 'many', DATABASE_URL: 'mysql://x' };
    expect(() => readSettings(wrong)).toThrow(/DATABASE_URL[^]*BERTH_BLOBS[^]*BERTH_HEALTH_PORT[^]*BERTH_SHARD_APPS/);
  });

  test('keeps the password of a wrong database address to itself', () => {
    expect(() => readSettings({ ...RIGHT, DATABASE_URL: 'mysql://me:secret@host/db' })).toThrow(/DATABASE_URL/);
    expect(() => readSettings({ ...RIGHT, DATABASE_URL: 'mysql://me:secret@host/db' })).not.toThrow(/secret/);
  });

  test('prefers the address and namespace that the environment names', () => {
    const settings = readSettings({ ...RIGHT, TEMPORAL_ADDRESS: '127.0.0.1:9', TEMPORAL_NAMESPACE: 'other' });
    expect(settings).toMatchObject({ namespace: 'other', temporal: { address: '127.0.0.1:9' } });
  });

  test('splits the allow-list of the actuator', () => {
    expect([...(readSettings({ ...RIGHT, BERTH_ALLOWED_APPS: 'shop, cart,' }).allowedApps ?? [])]).toEqual(['shop', 'cart']);
  });
});
