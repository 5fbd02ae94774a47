import { createClaims } from './claims.ts';
import { createConfigs } from './config.ts';
import { DEADLINE_S, connect } from './connect.ts';
import type { Connection, Sql } from './connect.ts';
import { createDecisions } from './decisions.ts';
import { createDrifts } from './drifts.ts';
import { createEvidence } from './evidence.ts';
import { createIntakes } from './intake.ts';
import { createLooks } from './looks.ts';
import { createMaintenance } from './maintain.ts';
import { migrate, migrationOf } from './migrate.ts';
import { createMirrors } from './mirrors.ts';
import { createMoveRecords } from './move-records.ts';
import { createNames } from './names.ts';
import { createNotices } from './notices.ts';
import { createOutcomes } from './outcomes.ts';
import { createPredictions } from './predictions.ts';
import { createProfiles } from './profiles.ts';
import { createProposals } from './proposals.ts';
import { createRegistry } from './registry.ts';
import { createSeriesLists } from './series.ts';
import { createShadows } from './shadows.ts';
import { asOperations, operation } from './store-error.ts';
import { appendScrape } from './append-scrape.ts';
import { createTelemetry } from './telemetry.ts';
import { createTrainingLock } from './training-lock.ts';
import type { Store } from './types.ts';

export interface StoreOptions extends Connection {
  /** Id of this installation; a database of another one is refused. Absent: the one that is there, or a new one. */
  readonly installation?: string;
}

/** Time beyond the statement deadline for the answer to arrive; after it the server counts as frozen. */
const SLACK_MS = 5_000;
const CLOSE_S = 5;

/**
 * Opens the store and brings its schema up to date. Every method fails with a StoreError that names it, latest a few seconds after
 * `deadlineS` (30 by default). Methods of one transaction each may be retried.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const deadlineMs = (options.deadlineS ?? DEADLINE_S) * 1000 + SLACK_MS;
  return operation('openStore', deadlineMs, async () => {
    const sql = connect(options);
    try {
      const installation = await migrate(sql, options.installation);
      return compose(sql, { installation, deadlineMs });
    } catch (error) {
      await sql.end({ timeout: CLOSE_S });
      throw error;
    }
  });
}

function compose(sql: Sql, { installation, deadlineMs }: { installation: string; deadlineMs: number }): Store {
  const names = createNames(sql);
  const series = createSeriesLists(sql);
  const configs = createConfigs(sql, names);
  const parts = { sql, names, series, configs };
  const methods: Omit<Store, 'installation' | 'telemetry' | 'close'> = {
    ...configs.methods,
    appendScrape: (scrape) => appendScrape(scrape, parts),
    ...createIntakes(sql),
    ...createLooks(sql),
    ...createPredictions(sql, names),
    ...createDecisions(parts),
    ...createProposals(sql),
    ...createClaims(sql, configs),
    ...createMirrors(sql),
    ...createProfiles(sql),
    ...createRegistry(sql),
    ...createEvidence(sql),
    ...createTrainingLock(sql),
    ...createShadows(sql),
    ...createDrifts(sql),
    ...createOutcomes(parts),
    ...createNotices(sql),
    ...createMoveRecords(sql, configs),
    ...createMaintenance(sql, configs),
    async health() {
      const [row] = await sql<{ version: string }[]>`select current_setting('server_version') as version`;
      return { serverVersion: row?.version ?? '', migration: await migrationOf(sql) };
    },
  };
  return {
    installation,
    telemetry: asOperations(createTelemetry(parts), deadlineMs),
    ...asOperations(methods, deadlineMs),
    close: () => sql.end({ timeout: CLOSE_S }),
  };
}
