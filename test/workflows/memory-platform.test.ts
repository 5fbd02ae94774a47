import { actuatorContract } from '../contracts/actuator.ts';
import { clusterContract } from '../contracts/cluster.ts';
import type { Ground } from '../contracts/ground.ts';
import { memoryPlatform } from './memory-platform.ts';

async function memoryGround(): Promise<Ground> {
  const platform = memoryPlatform({ sites: ['a', 'b'], apps: { web: 'a', picky: 'a' }, startMs: 20 });
  platform.faults('picky').startFails = 'it does not like it there';
  const request = async (app: string) => ((await platform.actuator.observe(app)).ready ? 200 : 503);
  return { platform, app: 'web', broken: 'picky', home: 'a', away: 'b', request, sent: async () => 0, close: async () => undefined };
}

actuatorContract('the memory platform', memoryGround);
clusterContract('the memory platform', memoryGround);
