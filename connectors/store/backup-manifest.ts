import { z } from 'zod';
import type { Blobs } from '../ports.ts';

const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** What a backup folder contains; it is written last, so a folder without it is no backup. */
export const backupManifest = z.strictObject({
  schema: z.literal(1),
  installation: z.string(),
  /** Newest migration of the schema that was copied. */
  migration: z.int(),
  madeAt: z.string(),
  serverVersion: z.string(),
  tables: z.array(z.strictObject({ name: z.string().regex(/^[a-z_]+$/), rows: z.int(), bytes: z.int(), sha256: z.string() })),
  partitions: z.array(z.strictObject({ table: z.string(), day: z.int() })),
  blobs: z.array(digest),
  /** Frames and models that rows name and that were not there any more. */
  missing: z.array(digest),
});
export type BackupManifest = z.output<typeof backupManifest>;

export const MANIFEST = 'manifest.json';
export const BLOBS = 'blobs';

export function tableFile(name: string): string {
  return `${name}.ndjson.gz`;
}

/** Tables in an order in which rows can be inserted; a table that is missing here makes a backup fail rather than lose it. */
export const TABLES = [
  'config',
  'app',
  'site',
  'series',
  'sample_site',
  'sample_app',
  'placement',
  'look',
  'look_model',
  'prediction_sites',
  'prediction',
  'decision',
  'decision_kept',
  'proposal',
  'notice',
  'notice_delivery',
  'outcome',
  'claim',
  'controller',
  'fleet',
  'intake',
  'profile',
  'model_key',
  'model',
  'alias',
  'alias_log',
  'evidence',
  'training_lock',
  'training_checkpoint',
  'shadow',
  'drift',
  'retrain',
] as const;
/** Made by migrating the target. */
export const OWN_TABLES: readonly string[] = ['migration', 'installation'];

/** A dump is one long statement per table. */
export const BACKUP_DEADLINE_S = 1800;

export interface BackupPlace {
  readonly url: string;
  readonly dir: string;
  readonly blobs: Pick<Blobs, 'get' | 'put' | 'has'>;
}
export interface BackupReport {
  readonly installation: string;
  readonly rows: number;
  readonly blobs: number;
  /** Blobs that rows name and that were not there when the backup was made. */
  readonly missing: readonly string[];
}

export function reportOf({ installation, tables, blobs, missing }: BackupManifest): BackupReport {
  return { installation, rows: tables.reduce((sum, t) => sum + t.rows, 0), blobs: blobs.length, missing };
}
