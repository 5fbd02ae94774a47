import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../../connectors/store/connect.ts';
import { migrate } from '../../../connectors/store/migrate.ts';
import { MIGRATIONS } from '../../../connectors/store/migrations/list.ts';
import { openStore } from '../../../connectors/store/store.ts';
import { StoreError } from '../../../connectors/store/store-error.ts';
import { testDatabase } from '../../setup/servers.ts';
import { sampleConfig } from './sample-config.ts';
import { T0 } from './store-fixture.ts';

let url: string;
let drop: () => Promise<void>;
beforeAll(async () => ({ url, drop } = await testDatabase()));
afterAll(() => drop?.());

async function failure(run: Promise<unknown>): Promise<StoreError> {
  const error: unknown = await run.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!(error instanceof StoreError)) throw new Error(`expected a StoreError, got ${String(error)}`);
  return error;
}

describe('opening', () => {
  test('many processes open an empty database at once and agree on its installation', async () => {
    const stores = await Promise.all(Array.from({ length: 5 }, () => openStore({ url, max: 2 })));
    expect(new Set(stores.map((s) => s.installation)).size).toBe(1);
    expect(await stores[0]!.health()).toEqual({ serverVersion: expect.stringMatching(/^\d+\.\d+/), migration: MIGRATIONS.length });
    await Promise.all(stores.map((s) => s.close()));
  });

  test('the database of another installation is refused by name', async () => {
    const own = await openStore({ url });
    const again = await openStore({ url, installation: own.installation });
    expect((await failure(openStore({ url, installation: 'other' }))).message).toBe(
      `store: openStore: this database belongs to the installation "${own.installation}", not to "other"; use another database`,
    );
    await Promise.all([own.close(), again.close()]);
  });

  test('a database that is newer, or was migrated by something else, is refused', async () => {
    const sql = connect({ url, max: 1 });
    await expect(migrate(sql, undefined, MIGRATIONS.slice(0, 2))).rejects.toThrow('migration 3 (moves), which this build does not know');
    await expect(
      migrate(
        sql,
        undefined,
        MIGRATIONS.map((m) => (m.id === 2 ? { ...m, sql: `${m.sql} ` } : m)),
      ),
    ).rejects.toThrow('migration 2 (looks) is not the one that was applied');
    await sql.end();
  });

  test('a migration that fails leaves the schema as it was, and later ones go on from there', async () => {
    const sql = connect({ url, max: 1 });
    const next = { id: 99, name: 'extra', sql: 'create table extra (a int4)' };
    await expect(migrate(sql, undefined, [...MIGRATIONS, next, { id: 100, name: 'bad', sql: 'create table' }])).rejects.toThrow(
      'syntax error',
    );
    expect(await sql`select to_regclass('extra') as t`).toEqual([{ t: null }]);
    await migrate(sql, undefined, [...MIGRATIONS, next]);
    expect(await sql`select id from migration order by id desc limit 1`).toEqual([{ id: 99 }]);
    await sql`drop table extra`;
    await sql`delete from migration where id = 99`;
    await sql.end();
  });
});

describe('errors', () => {
  test.each([
    '',
    'nonsense',
    'http://berth:hunter2@127.0.0.1/x',
    'postgres://berth:hunter2@127.0.0.1:1/',
    'postgres://berth:hunter2@[::bad/x',
  ])('an address that cannot be one is refused without repeating it: %s', async (bad) => {
    const error = await failure(openStore({ url: bad }));
    expect(error.message).toMatch(/openStore: the database address must look like/);
    expect(error.retryable).toBe(false);
    expect(JSON.stringify([error, error.stack, error.cause])).not.toContain('hunter2');
  });

  test('a wrong password and a closed port say so, and keep the password', async () => {
    const wrong = new URL(url);
    wrong.password = 'hunter2';
    const closed = new URL(url);
    closed.port = '1';
    closed.password = 'hunter2';
    for (const [address, message] of [
      [wrong, /password authentication failed/],
      [closed, /ECONNREFUSED/],
    ] as const) {
      const error = await failure(openStore({ url: String(address) }));
      expect(error.message).toMatch(message);
      expect(error.retryable).toBe(true);
      expect(JSON.stringify([error, error.stack, error.cause])).not.toContain('hunter2');
    }
  });

  test('a statement beyond the deadline ends with the name of the operation', async () => {
    const store = await openStore({ url, deadlineS: 0.3 });
    const blocker = connect({ url, max: 1 });
    await blocker.begin(async (tx) => {
      await tx`lock table profile in access exclusive mode`;
      const error = await failure(store.profile('p'));
      expect(error).toMatchObject({
        operation: 'profile',
        code: '57014',
        retryable: true,
        message: 'store: profile: canceling statement due to statement timeout',
      });
    });
    expect(await store.profile('p')).toBeUndefined();
    await Promise.all([store.close(), blocker.end()]);
  });

  test('a COPY that the server refuses fails at once and leaves the connection usable', async () => {
    const store = await openStore({ url, max: 1 });
    await store.applyConfig(sampleConfig({ apps: 2 }), 'test', T0);
    const sql = connect({ url, max: 1 });
    await sql`alter table outcome add constraint never check (p10 > 5)`;
    await store.openLook({ lookMs: T0, configVersion: 1, openedMs: T0, recordOnly: false });
    await store.writePredictions(T0, [
      {
        app: 'a0',
        predictor: 'rule',
        sites: ['s0'],
        q: Float32Array.of(0, 0, 0),
        rule: Float32Array.of(0),
        ageS: Float32Array.of(0),
        appAgeS: 0,
        complete: Float32Array.of(0),
        appComplete: 0,
        horizonMs: 1000,
      },
    ]);
    await store.writeDecisions(T0, [], [], T0);
    await store.appendScrape({ atMs: T0 + 1000, sites: [], apps: [{ app: 'a0', placed: 's0', values: { kpi_p99_ms: 10 } }] });
    expect((await failure(store.joinOutcomes(T0 + 9000))).message).toMatch(/joinOutcomes: COPY into outcome .* was refused/);
    expect(await store.lastLook()).toMatchObject({ lookMs: T0 });
    await sql`alter table outcome drop constraint never`;
    expect(await store.joinOutcomes(T0 + 9000)).toBe(1);
    await Promise.all([store.close(), sql.end()]);
  });
});

describe('configuration', () => {
  test('applied twice is one version; names keep their ids through every change', async () => {
    const store = await openStore({ url });
    const first = await store.applyConfig(sampleConfig({ apps: 3 }), 'ann', T0);
    expect(first.changed).toBe(true);
    const ids = (await store.config())!.appIds;
    const at = ids.get('a2');
    const answers = await Promise.all([1, 2, 3].map(() => store.applyConfig(sampleConfig({ apps: 5 }), 'bob', T0 + 1)));
    expect(answers.map((a) => a.changed).sort()).toEqual([false, false, true]);
    expect(await store.applyConfig(sampleConfig({ apps: 5 }), 'bob', T0 + 1)).toEqual({ version: first.version + 1, changed: false });
    await store.applyConfig(sampleConfig({ apps: 1 }), 'ann', T0 + 2);
    const now = await store.config();
    expect(Object.keys(now!.config.apps)).toEqual(['a0']);
    expect(now!.config).toEqual(sampleConfig({ apps: 1 }));
    expect(now!.appIds.get('a2')).toBe(at);
    expect(new Set(now!.appIds.values()).size).toBe(5);
    await store.close();
  });

  test('there is none before the first one is applied', async () => {
    const empty = await testDatabase();
    const store = await openStore({ url: empty.url });
    expect(await store.config()).toBeUndefined();
    expect(await store.lastLook()).toBeUndefined();
    expect(
      await store.claimMove({
        decisionId: 'x',
        app: 'a',
        from: 's',
        to: 't',
        origin: 'look',
        reason: '',
        by: '',
        workflowId: '',
        nowMs: 1,
      }),
    ).toEqual({ admitted: false, refusal: 'no configuration was applied' });
    await store.close();
    await empty.drop();
  });
});
