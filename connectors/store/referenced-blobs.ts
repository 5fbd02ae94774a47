import type { Db } from './connect.ts';

/** Everything in profiles and models that looks like a digest: a blob too many is kept, never one too few. */
export async function referencedBlobs(db: Db): Promise<ReadonlySet<string>> {
  const rows = await db<{ sha256: string }[]>`
    select onnx_sha256 as sha256 from model
    union select held_out_sha256 from model where held_out_sha256 is not null
    union select sha256 from training_checkpoint
    union select (regexp_matches(contract, '\\m[0-9a-f]{64}\\M', 'g'))[1] from model
    union select (regexp_matches(report, '\\m[0-9a-f]{64}\\M', 'g'))[1] from model
    union select (regexp_matches(body, '\\m[0-9a-f]{64}\\M', 'g'))[1] from profile`;
  return new Set(rows.map((r) => r.sha256));
}

/** Those that are blobs for certain: models, the frames they learned from, and the frames of profiles. */
export async function neededBlobs(db: Db): Promise<ReadonlySet<string>> {
  const rows = await db<{ sha256: string }[]>`
    select onnx_sha256 as sha256 from model
    union select held_out_sha256 from model where held_out_sha256 is not null
    union select jsonb_path_query(contract::jsonb, '$.data[*]') #>> '{}' from model
    union select jsonb_path_query(body::jsonb, '$.frames[*]') #>> '{}' from profile`;
  return new Set(rows.map((r) => r.sha256));
}
