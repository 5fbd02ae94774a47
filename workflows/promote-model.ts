import { setCurrentDetails } from '@temporalio/workflow';

import { control, training } from './activity-groups.ts';
import { promoteInput } from './inputs.ts';
import { safeText } from './text.ts';

export interface PromoteInput {
  readonly key: string;
  readonly version: number;
  readonly by?: string;
}
export interface PromoteResult {
  readonly promoted: boolean;
  readonly why: string;
}

/** A challenger becomes champion when its contract holds, it loads, and it is not worse than the champion on the same targets. */
export async function promoteModel(given: PromoteInput): Promise<PromoteResult> {
  const input = promoteInput(given);
  const checked = await training.checkModel({ key: input.key, version: input.version });
  const result = checked.ok
    ? await control.promoteVersion({ key: input.key, version: input.version, by: input.by ?? 'berth', why: checked.why })
    : { promoted: false, why: checked.why };
  setCurrentDetails(`${result.promoted ? 'champion' : 'kept as challenger'}: ${safeText(result.why, 1000)}`);
  return result;
}
