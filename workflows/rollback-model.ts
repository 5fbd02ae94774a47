import { setCurrentDetails } from '@temporalio/workflow';

import { control } from './activity-groups.ts';
import { rollbackInput } from './inputs.ts';
import { safeText } from './text.ts';

export interface RollbackInput {
  readonly key: string;
  readonly by: string;
  readonly reason: string;
}

/** Puts back the model that served before. From the next look on it serves; a look that has begun finishes with the version it began with. */
export async function rollbackModel(given: RollbackInput): Promise<{ from: number; to: number }> {
  const input = rollbackInput(given);
  const { version } = await control.servingVersion({ key: input.key });
  const result = await control.rollbackModel({ ...input, ...(version !== undefined && { from: version }) });
  setCurrentDetails(`version ${result.from} of ${input.key} was taken back for ${result.to}: ${safeText(input.reason, 500)}`);
  return result;
}
