import type { Sql } from './connect.ts';

export interface TrainingLock {
  /** Takes or keeps the one lock on training, unless another holder said within `staleMs` that it lives. Returns who holds it then. */
  holdTraining(ask: { holder: string; nowMs: number; staleMs: number }): Promise<{ holder: string }>;
  releaseTraining(holder: string): Promise<void>;
  /** `digest` is that of the input a checkpoint belongs to: one of another input is of no use. */
  saveCheckpoint(row: { key: string; digest: string; sha256: string; savedMs: number }): Promise<void>;
  checkpoint(key: string, digest: string): Promise<string | undefined>;
  dropCheckpoint(key: string): Promise<void>;
}

/** One training at a time, whatever started it, and how far it had come. */
export function createTrainingLock(sql: Sql): TrainingLock {
  return {
    async holdTraining({ holder, nowMs, staleMs }) {
      const [row] = await sql<{ holder: string }[]>`
        insert into training_lock as l (id, holder, beat_ms) values (1, ${holder}, ${nowMs})
        on conflict (id) do update set
          holder = case when l.holder is null or l.holder = ${holder} or l.beat_ms < ${nowMs - staleMs} then ${holder} else l.holder end,
          beat_ms = case when l.holder is null or l.holder = ${holder} or l.beat_ms < ${nowMs - staleMs} then ${nowMs} else l.beat_ms end
        returning holder`;
      return { holder: row?.holder ?? holder };
    },
    async releaseTraining(holder) {
      await sql`update training_lock set holder = null where holder = ${holder}`;
    },
    async saveCheckpoint({ key, digest, sha256, savedMs }) {
      await sql`
        insert into training_checkpoint (key, digest, sha256, saved_ms) values (${key}, ${digest}, ${sha256}, ${savedMs})
        on conflict (key) do update set digest = excluded.digest, sha256 = excluded.sha256, saved_ms = excluded.saved_ms`;
    },
    async checkpoint(key, digest) {
      const [row] = await sql<{ sha256: string }[]>`select sha256 from training_checkpoint where key = ${key} and digest = ${digest}`;
      return row?.sha256;
    },
    async dropCheckpoint(key) {
      await sql`delete from training_checkpoint where key = ${key}`;
    },
  };
}
