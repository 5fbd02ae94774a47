import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Snapshot } from '../../domain/records.ts';
import { eventually } from './eventually.ts';
import type { Ground } from './ground.ts';

let last = 0;
const newDecision = () => `decision-${process.pid}-${(last += 1)}`;

/** Runs against every implementation of the port `Actuator`. */
export function actuatorContract(name: string, makeGround: () => Promise<Ground>): void {
  describe(`${name} is an actuator`, () => {
    let ground: Ground;
    let origin: Snapshot;
    beforeAll(async () => {
      ground = await makeGround();
      origin = await ground.platform.actuator.snapshot(ground.app);
    });
    afterAll(() => ground?.close());
    afterEach(async () => {
      await ground.platform.actuator.restore(origin, newDecision());
      await homeAgain();
    });

    const homeAgain = () =>
      eventually('the app is home again', async () => {
        const seen = await ground.platform.actuator.observe(ground.app);
        return seen.site === ground.home && seen.ready && seen.busy === undefined;
      });
    /** Some answer when the undo is written, some when the app serves again. */
    const undone = async (before: Snapshot, decisionId: string) => {
      const answer = await ground.platform.actuator.restore(before, decisionId);
      if (ground.writesAtOnce) await homeAgain();
      return answer;
    };

    const change = (to: string) => ({ app: ground.app, to, decisionId: newDecision() });
    const moved = async (one: { app: string; to: string; decisionId: string }) => {
      await ground.platform.actuator.apply(one);
      return eventually(`${one.app} serves from ${one.to}`, async () => {
        const answer = await ground.platform.actuator.ready(one);
        expect(answer.failed).toBeUndefined();
        return answer.ready && answer;
      });
    };
    const generation = async () => (await ground.platform.actuator.observe(ground.app)).generation;

    test('an app is observed where it serves', async () => {
      expect(await ground.platform.actuator.observe(ground.app)).toMatchObject({ app: ground.app, site: ground.home, ready: true });
      expect(await ground.request(ground.app)).toBe(200);
    });

    test('a dry run changes nothing and refuses a site that does not exist', async () => {
      const before = await ground.platform.actuator.observe(ground.app);
      expect(await ground.platform.actuator.dryRun(change(ground.away))).toEqual({ ok: true });
      expect(await ground.platform.actuator.dryRun(change('nowhere'))).toMatchObject({
        ok: false,
        refusal: expect.stringContaining('nowhere'),
      });
      expect(await ground.platform.actuator.observe(ground.app)).toEqual(before);
    });

    test('an applied change is ready only when the target serves, and is one effective write', async () => {
      const before = await generation();
      const one = change(ground.away);
      expect((await ground.platform.actuator.apply(one)).applied).toBe(true);
      expect((await ground.platform.actuator.ready(one)).ready).toBe(false);
      const { report } = await moved(one);
      // Who cannot count them says nothing.
      expect(report?.failedRequests ?? 0).toBe(0);
      expect(await ground.platform.actuator.observe(ground.app)).toMatchObject({
        site: ground.away,
        ready: true,
        decisionId: one.decisionId,
        generation: before + 1,
      });
      expect(await ground.request(ground.app)).toBe(200);
    });

    test('a second apply with the same decision id changes nothing, during the move and after it', async () => {
      const before = await generation();
      const one = change(ground.away);
      await ground.platform.actuator.apply(one);
      expect((await ground.platform.actuator.apply(one)).applied).toBe(false);
      await moved(one);
      expect(await ground.platform.actuator.apply(one)).toEqual({ applied: false, generation: before + 1 });
      expect(await generation()).toBe(before + 1);
    });

    test('many simultaneous applies of one decision are one effective write', async () => {
      const before = await generation();
      const one = change(ground.away);
      const answers = await Promise.all(Array.from({ length: 10 }, () => ground.platform.actuator.apply(one)));
      expect(answers.filter((answer) => answer.applied)).toHaveLength(1);
      await moved(one);
      expect(await generation()).toBe(before + 1);
    });

    test('a move to where the app is changes nothing and is ready', async () => {
      const before = await generation();
      const one = change(ground.home);
      expect((await ground.platform.actuator.apply(one)).applied).toBe(false);
      await moved(one);
      expect(await generation()).toBe(before);
    });

    test('another decision is refused while one is under way', async () => {
      const one = change(ground.away);
      await ground.platform.actuator.apply(one);
      const other = change(ground.away);
      await expect(ground.platform.actuator.apply(other)).rejects.toThrow(one.decisionId);
      expect(await ground.platform.actuator.dryRun(other)).toMatchObject({ ok: false });
      expect((await ground.platform.actuator.observe(ground.app)).busy).toContain(one.decisionId);
      await moved(one);
    });

    test('restore puts the app back as it was, and a second restore changes nothing', async () => {
      const before = await ground.platform.actuator.snapshot(ground.app);
      const one = change(ground.away);
      await moved(one);
      const first = await undone(before, one.decisionId);
      expect(first.restored).toBe(true);
      const again = await ground.platform.actuator.restore(before, one.decisionId);
      expect(again).toEqual({ restored: false, generation: first.generation });
      const after = await ground.platform.actuator.snapshot(ground.app);
      expect({ ...after, generation: 0 }).toEqual({ ...before, generation: 0 });
      expect(await ground.request(ground.app)).toBe(200);
    });

    test('restore calls off a move that is under way', async () => {
      const before = await ground.platform.actuator.snapshot(ground.app);
      const one = change(ground.away);
      await ground.platform.actuator.apply(one);
      const generation = before.generation + (ground.writesAtOnce ? 2 : 0);
      expect(await undone(before, one.decisionId)).toEqual({ restored: true, generation });
      expect(await ground.platform.actuator.ready(one)).toMatchObject({ ready: false, failed: expect.stringContaining('restore') });
      expect(await ground.platform.actuator.observe(ground.app)).toMatchObject({ site: ground.home, ready: true, generation });
    });

    test('a decision that was undone is not carried out by a late second apply', async () => {
      const before = await ground.platform.actuator.snapshot(ground.app);
      const one = change(ground.away);
      await moved(one);
      const { generation: restored } = await undone(before, one.decisionId);
      expect(await ground.platform.actuator.apply(one)).toEqual({ applied: false, generation: restored });
      expect(await ground.platform.actuator.observe(ground.app)).toMatchObject({ site: ground.home, generation: restored });
      expect(await ground.platform.actuator.ready(one)).toMatchObject({ ready: false, failed: expect.stringContaining('superseded') });
    });

    test.each(['', '/0', '/7'])(
      'a change "<claim>%s" that comes only after its claim was undone is refused, also later',
      async (suffix) => {
        const before = await ground.platform.actuator.snapshot(ground.app);
        const claim = newDecision();
        expect(await ground.platform.actuator.restore(before, `${claim}/undo`)).toEqual({ restored: false, generation: before.generation });
        const late = { app: ground.app, to: ground.away, decisionId: `${claim}${suffix}` };
        for (const _ of [1, 2]) await expect(ground.platform.actuator.apply(late)).rejects.toThrow('undone');
        expect(await ground.platform.actuator.observe(ground.app)).toMatchObject({ site: ground.home, generation: before.generation });
        // A cluster may take a moment to see that nothing was changed by what it wrote down.
        await eventually('nothing is under way', async () => (await ground.platform.actuator.observe(ground.app)).busy === undefined);
        await moved(change(ground.away));
      },
    );

    test('a start that fails is reported and leaves the old one serving', async () => {
      const before = await ground.platform.actuator.observe(ground.broken);
      const one = { app: ground.broken, to: ground.away, decisionId: newDecision() };
      await ground.platform.actuator.apply(one);
      const failed = await eventually('the move fails', async () => (await ground.platform.actuator.ready(one)).failed);
      expect(failed).not.toBe('');
      const after = await ground.platform.actuator.observe(ground.broken);
      if (ground.writesAtOnce) expect(after).toMatchObject({ site: ground.home, ready: true, generation: before.generation + 1 });
      else expect(after).toEqual(before);
      expect(await ground.request(ground.broken)).toBe(200);
    });

    test('an app that is not there is refused by name', async () => {
      await expect(ground.platform.actuator.observe('nobody')).rejects.toThrow('nobody');
      await expect(ground.platform.actuator.snapshot('nobody')).rejects.toThrow('nobody');
      await expect(ground.platform.actuator.apply({ app: 'nobody', to: ground.away, decisionId: newDecision() })).rejects.toThrow('nobody');
    });

    test('a decision that was never applied is not ready', async () => {
      expect(await ground.platform.actuator.ready(change(ground.away))).toMatchObject({ ready: false, failed: expect.any(String) });
    });
  });
}
