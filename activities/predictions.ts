import { heartbeat } from '@temporalio/activity';

import type { ComputeDeps } from './deps.ts';
export const predictionActivities = (_deps: ComputeDeps) => ({
  async predictShard(_: { lookMs: number; offset: number; count: number }): Promise<{ rows: number }> {
    heartbeat();
    return { rows: 0 };
  },
});
