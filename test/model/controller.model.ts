import { WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import { eventually } from '../contracts/eventually.ts';
import {
  type Command,
  commands,
  copyOf,
  due,
  freshModel,
  mayMove,
  type Model,
  moved,
  say,
  saySite,
  type Word,
} from './controller-model.ts';
import { type World, withWorld } from '../workflows/environment.ts';
import { proposalOf, stateOf, stateWhen } from '../workflows/moves.ts';
import { testConfig } from '../workflows/test-config.ts';

/** Runs of 30 commands each: 30, or as many as the environment says. */
const RUNS = Number(process.env['BERTH_MODEL_RUNS'] ?? 30);
const AT_ONCE = 6;
const BATCHES = 5;
/** Apps of one world: enough for its runs, and for shrinking one that fails. */
const APPS = 2 * AT_ONCE * BATCHES;
/** Small, so that most runs go over several continuations as new. */
const MAX_EVENTS = 60;

const base = testConfig({ apps: APPS, reverting: APPS, budgets: { fleet: 50, namespace: 50, source: 50, destination: 50 } });
const verify = { soak: 0.25, tolerance: 1 };
const config = {
  ...base,
  policies: {
    ...base.policies,
    quick: { ...base.policies['quick']!, verify, cooldown: { initial: 0, factor: 1, max: 0, reset: 60 } },
    reverting: { ...base.policies['reverting']!, verify, cooldown: { initial: 3600, factor: 1, max: 3600, reset: 60 } },
  },
};
const ann = { by: 'ann', reason: 'the model says so' };

/** A real controller beside its model. */
class Run {
  readonly #world: World;
  readonly #app: string;
  readonly #handle: WorkflowHandle;
  readonly #cools: boolean;
  #model: Model = freshModel();

  constructor(world: World, app: string, handle: WorkflowHandle) {
    [this.#world, this.#app, this.#handle, this.#cools] = [world, app, handle, app.startsWith('r')];
  }

  async follow(all: readonly Command[]): Promise<void> {
    for (const command of all) {
      await this.#obey(command);
      await this.#settle();
      await this.#compare(command);
    }
  }

  async #obey(command: Command): Promise<void> {
    switch (command.kind) {
      case 'rest':
        return;
      case 'word':
        return expect(await this.#update(command.word)).toBe(say(this.#model, command.word));
      case 'site':
        return expect(await this.#update(command.word, command.site)).toBe(saySite(this.#model, command.word, command.site));
      case 'propose':
        return await this.#propose(command);
      case 'together':
        return await this.#together(command.words);
      case 'race':
        return await this.#race(command);
    }
  }

  /** Both orders are right; the answers say which it was, and the state is compared with that one. */
  async #together([one, other]: readonly [Word, Word]): Promise<void> {
    const answers = await Promise.all([this.#update(one), this.#update(other)]);
    const first = copyOf(this.#model);
    const inOrder = [say(first, one), say(first, other)];
    const second = copyOf(this.#model);
    const reversed = [say(second, other), say(second, one)].reverse();
    const state = await stateOf(this.#world, this.#app);
    const isSo = (m: Model, said: boolean[]) => String(said) === String(answers) && sameAs(m, state);
    expect([isSo(first, inOrder), isSo(second, reversed)]).toContain(true);
    this.#model = isSo(first, inOrder) ? first : second;
  }

  async #propose({ to, verdict }: Command & { kind: 'propose' }): Promise<void> {
    if (to === this.#model.place) return;
    const id = await this.#offer(to, verdict);
    if (verdict === 'approve') this.#model.approval = to;
    if (verdict !== 'move') return;
    const origin = this.#model.override === to ? 'override' : 'look';
    const goes = mayMove(this.#model, to, origin);
    expect((await this.#world.store.claim(id)) !== undefined).toBe(goes);
    if (goes) moved(this.#model, to, this.#cools);
  }

  /** Whoever comes first: in the end the app is where the operator wants it, by at most two moves. */
  async #race({ to, override }: Command & { kind: 'race' }): Promise<void> {
    const before = this.#world.platform.switches(this.#app).length;
    if (to === this.#model.place) return;
    const [said] = await Promise.all([this.#update('override', override), this.#offer(to, 'move')]);
    await this.#atRest();
    const alone = copyOf(this.#model);
    const taken = saySite(alone, 'override', override);
    expect(said).toBe(taken);
    const made = this.#world.platform.switches(this.#app).length - before;
    expect(made).toBeLessThanOrEqual(2);
    const place = this.#world.platform.siteOf(this.#app);
    if (taken && !alone.paused) expect(place).toBe(override);
    this.#model = alone;
    if (made > 0) moved(this.#model, place, this.#cools);
    // What was looked at while the two raced is not looked at again.
    this.#model.tried = (await stateOf(this.#world, this.#app)).tried !== undefined;
  }

  async #offer(to: string, verdict: 'move' | 'approve' | 'recommend'): Promise<string> {
    const proposal = proposalOf(this.#app, to, { from: this.#model.place, verdict });
    await this.#handle.signal('propose', proposal);
    await stateWhen(
      this.#world,
      this.#app,
      `${proposal.decisionId} is judged`,
      (s) => s.seen.includes(proposal.decisionId) && !s.waiting,
      120,
    );
    await this.#atRest();
    return proposal.decisionId;
  }

  /** An override is carried out as soon as nothing holds it. */
  async #settle(): Promise<void> {
    const to = due(this.#model);
    if (to === undefined) return;
    await eventually(`${this.#app} is brought to ${to}`, () => this.#world.platform.siteOf(this.#app) === to, 120);
    moved(this.#model, to, this.#cools);
  }

  async #atRest(): Promise<void> {
    await stateWhen(this.#world, this.#app, 'it rests', (s) => !s.moving && !s.waiting && !s.stale && s.mirrored === s.seq, 120);
  }

  async #compare(command: Command): Promise<void> {
    await this.#atRest();
    const state = await stateOf(this.#world, this.#app);
    const shown = { ...this.#model, excluded: [...this.#model.excluded].sort() };
    expect({ after: command, ...seen(state), place: this.#world.platform.siteOf(this.#app) }).toEqual({
      after: command,
      paused: shown.paused,
      frozen: shown.frozen,
      override: shown.override,
      excluded: shown.excluded,
      approval: shown.approval,
      place: shown.place,
    });
    const row = await this.#world.store.controller(this.#app);
    if (state.seq > 0)
      expect({ ...row, excluded: row?.excluded.map((e) => e.site) }).toMatchObject({
        paused: shown.paused,
        excluded: state.excluded.map((e) => e.site),
      });
    expect(state.ignored).toBe(0);
  }

  async #update(name: string, site?: string): Promise<boolean> {
    try {
      await this.#handle.executeUpdate(name, { args: [{ ...ann, ...(site !== undefined && { site }) }] });
      return true;
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) return false;
      throw error;
    }
  }
}

type State = Awaited<ReturnType<typeof stateOf>>;
const seen = (s: State) => ({
  paused: s.paused !== undefined,
  frozen: s.frozen !== undefined,
  override: s.override?.site,
  excluded: s.excluded.map((e) => e.site).sort(),
  approval: s.approval?.to,
});
const sameAs = (m: Model, state: State) =>
  JSON.stringify(seen(state)) ===
  JSON.stringify({ paused: m.paused, frozen: m.frozen, override: m.override, excluded: [...m.excluded].sort(), approval: m.approval });

describe.each(Array.from({ length: Math.ceil(RUNS / (AT_ONCE * BATCHES)) }, (_, block) => block))(
  'block %i of random commands',
  (block) => {
    const world = withWorld(config);
    let next = 0;

    async function fresh(): Promise<Run> {
      const app = `${next % 2 === 0 ? 'a' : 'r'}${(next >> 1) % APPS}`;
      next++;
      const handle = await world.client.workflow.start('placementController', {
        workflowId: workflowIds.controller(app),
        taskQueue: QUEUE.control,
        args: [{ app, maxEvents: MAX_EVENTS }],
      });
      await stateWhen(world, app, 'it knows its app', (s) => s.facts?.known === true, 120);
      return new Run(
        world,
        app,
        world.client.workflow.getHandle(workflowIds.controller(app), undefined, { firstExecutionRunId: handle.firstExecutionRunId }),
      );
    }

    test('controllers do what their model does, over restarts of the workers and continuations as new', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(commands, { minLength: AT_ONCE, maxLength: AT_ONCE }), async (all) => {
          const runs = await Promise.all(all.map(() => fresh()));
          const restart = async () => {
            await world.stopWorkers();
            await world.startWorkers();
          };
          const [, ...results] = await Promise.allSettled([restart(), ...runs.map((run, i) => run.follow(all[i] ?? []))]);
          const failed = results.find((r) => r.status === 'rejected');
          if (failed) throw failed.reason;
        }),
        {
          numRuns: BATCHES,
          endOnFailure: false,
          ...(block > 0 && { seed: block }),
        },
      );
    }, 600_000);
  },
);
