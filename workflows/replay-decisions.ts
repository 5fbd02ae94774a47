import { setCurrentDetails } from '@temporalio/workflow';

import type { Expected } from '../domain/replay/expected.ts';
import { replay } from './activity-groups.ts';
import { replayInput } from './inputs.ts';

export interface ReplayInput {
  /** First and last look, ISO 8601. */
  readonly from: string;
  readonly to: string;
  readonly app?: string;
  /** sha256 of a blob with one policy as JSON, to decide with instead of each app's own. */
  readonly policy?: string;
}
export interface ReplayOutcome {
  readonly looks: number;
  readonly decisions: number;
  readonly identical: number;
  readonly different: number;
  readonly withoutPredictions: number;
  readonly recorded: Readonly<Record<string, number>>;
  readonly replayed: Readonly<Record<string, number>>;
  readonly expected: Expected;
  /** sha256 of the blob with everything, each changed decision included. */
  readonly report: string;
}

/** A period of the records decided again; it changes nothing but a blob. */
export async function replayDecisions(given: ReplayInput): Promise<ReplayOutcome> {
  const outcome = await replay.replayLooks(replayInput(given));
  setCurrentDetails(`${outcome.decisions} decisions of ${outcome.looks} looks: ${outcome.different} come out differently`);
  return outcome;
}
