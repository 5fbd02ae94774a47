import { defineConfig, mergeConfig } from 'vitest/config';

import base from '../../vitest.config.ts';

/** Records the histories anew: see README.md beside it. */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  defineConfig({ test: { include: ['test/replay/record.ts'] } }),
);
