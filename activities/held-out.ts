import { log } from '@temporalio/activity';

import type { Blobs } from '../connectors/ports.ts';
import type { ModelVersion } from '../domain/records.ts';
import type { HeldOut } from '../learning/held-out.ts';
import { UNSERVABLE } from './predictions.ts';

const NOTHING: HeldOut = { timeMs: [], site: [], visit: [], actual: [], predicted: [], baseline: [] };

/** What a version said of visits it had not seen; nothing where that is not kept or was damaged. */
export async function heldOutOf(blobs: Blobs, { key, version, heldOutSha256 }: ModelVersion): Promise<HeldOut> {
  if (heldOutSha256 === undefined) return NOTHING;
  try {
    return JSON.parse(new TextDecoder().decode(await blobs.get(heldOutSha256))) as HeldOut;
  } catch (error) {
    if (!(error instanceof Error && UNSERVABLE.has(error.name))) throw error;
    log.warn('what a model had said of unseen visits cannot be read', { key, version, error });
    return NOTHING;
  }
}
