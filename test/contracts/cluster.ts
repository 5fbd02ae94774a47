import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ground } from './ground.ts';

/** Runs against every implementation of the port `Cluster`. */
export function clusterContract(name: string, makeGround: () => Promise<Ground>): void {
  describe(`${name} is a cluster`, () => {
    let ground: Ground;
    beforeAll(async () => {
      ground = await makeGround();
    });
    afterAll(() => ground?.close());

    test('every site is there, ready and without a refusal', async () => {
      const sites = await ground.platform.cluster.sites();
      for (const site of [ground.home, ground.away]) expect(sites).toContainEqual({ site, ready: true });
    });

    test('an app is placed where it serves', async () => {
      expect(await ground.platform.cluster.placements([ground.app, ground.broken])).toEqual([
        { app: ground.app, site: ground.home },
        { app: ground.broken, site: ground.home },
      ]);
    });

    test('where an unknown app runs is unknown', async () => {
      expect(await ground.platform.cluster.placements(['nobody'])).toEqual([{ app: 'nobody' }]);
    });

    test('no app asked for gives no answer', async () => {
      expect(await ground.platform.cluster.placements([])).toEqual([]);
      expect(await ground.platform.cluster.feasibility([])).toEqual([]);
    });

    test('feasible pairs of app and site are absent', async () => {
      expect(await ground.platform.cluster.feasibility([ground.app])).toEqual([]);
    });

    test('an unknown app is feasible nowhere', async () => {
      const refusals = await ground.platform.cluster.feasibility(['nobody']);
      const sites = (await ground.platform.cluster.sites()).map(({ site }) => site);
      expect(refusals.map(({ site }) => site)).toEqual(sites);
    });
  });
}
