import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import type { Ground } from './ground.ts';

/** Runs against every implementation of the port `Load`. */
export function loadContract(name: string, makeGround: () => Promise<Ground>): void {
  describe(`${name} sends load`, () => {
    let ground: Ground;
    beforeAll(async () => {
      ground = await makeGround();
    });
    afterAll(() => ground?.close());
    const more = async (than: number) => eventually('more requests are sent', async () => (await ground.sent(ground.app)) > than);

    test('a rate that is set is sent, zero sends nothing, and undefined is the configured rate again', async () => {
      await ground.platform.load.set(ground.app, 50);
      await more((await ground.sent(ground.app)) + 20);
      await ground.platform.load.set(ground.app, 0);
      const silent = await ground.sent(ground.app);
      for (let i = 0; i < 5; i += 1) await ground.request(ground.app);
      expect(await ground.sent(ground.app)).toBe(silent);
      await ground.platform.load.set(ground.app, undefined);
      await more(silent);
    });

    test.each([-1, NaN, Infinity])('a rate of %s is refused and changes nothing', async (rate) => {
      await expect(ground.platform.load.set(ground.app, rate)).rejects.toThrow('rate');
      await more(await ground.sent(ground.app));
    });

    test('an app that is not there is refused by name', async () => {
      await expect(ground.platform.load.set('nobody', 1)).rejects.toThrow('nobody');
    });
  });
}
