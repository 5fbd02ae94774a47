import { defineConfig, mergeConfig } from 'vitest/config';

import base from '../../vitest.config.ts';

/** Random commands against real controllers and their model: `npm run test:model`. */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  defineConfig({ test: { include: ['test/model/*.model.ts'] } }),
);
