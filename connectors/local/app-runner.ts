import type { MoveReport } from '../ports.ts';
import type { Launch } from './children.ts';
import { isServing, startInstance, stopInstance } from './instance.ts';
import type { Instance } from './instance.ts';
import type { Log } from './log.ts';
import { KEPT_RECORDS } from './state.ts';
import type { AppState, SwitchRecord } from './state.ts';

/** What a runner needs of the cluster around it. */
export interface RunnerHost {
  launch(app: string, site: string): Launch;
  deadlineS(app: string): number;
  /** Points the app's address at a port; the answer is the count of requests lost so far. */
  point(app: string, port: number): Promise<{ failed: number }>;
  drain(app: string): Promise<{ failed: number }>;
  lostSoFar(app: string): Promise<number>;
  /** Writes the desired state to disk. */
  save(): void;
  readonly log: Log;
}

export interface Task {
  readonly kind: 'apply' | 'restore';
  readonly decisionId: string;
  readonly to: string;
  /** What `decisionId` of the app is once it has been switched. */
  readonly inForce: string | undefined;
}

const MAX_BACKOFF_MS = 5000;

/** Owns the processes of one app: keeps one serving where the state says, and carries out one move at a time. */
export class AppRunner {
  readonly name: string;
  readonly state: AppState;
  #host: RunnerHost;
  #serving: Instance | undefined;
  #problem: string | undefined;
  /** Grows with every change of what the app's process is. */
  #edition = 0;
  #onTake: () => void = () => undefined;
  #move: { task: Task; abort: AbortController; end: Promise<void>; switched: boolean } | undefined;
  #stop = new AbortController();
  #supervisor: Promise<void> | undefined;

  constructor(name: string, state: AppState, host: RunnerHost) {
    this.name = name;
    this.state = state;
    this.#host = host;
  }

  get serving(): Instance | undefined {
    return isServing(this.#serving) ? this.#serving : undefined;
  }

  /** Why nobody should touch the app now; undefined = nothing speaks against it. */
  get busy(): string | undefined {
    if (this.#move) return `moving to ${this.#move.task.to} by decision ${this.#move.task.decisionId}`;
    if (!this.serving) return `not serving: ${this.#problem ?? 'starting'}`;
    return undefined;
  }

  get moving(): Task | undefined {
    return this.#move?.task;
  }

  start(): void {
    this.#supervisor = this.#supervise();
    const last = this.state.records.at(-1);
    if (last?.outcome === 'pending') this.#resume(last);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#move?.abort.abort();
    await this.#move?.end;
    if (this.#serving) await stopInstance(this.#serving);
    await this.#supervisor;
  }

  /** Starts a move; its end is seen in the records. Only one at a time: ask `busy` first. */
  begin(task: Task, nowMs: number): void {
    this.remember({ decisionId: task.decisionId, kind: task.kind, from: this.state.site, to: task.to, askedMs: nowMs, outcome: 'pending' });
    this.#carryOut(task);
  }

  /** On disk when it returns. */
  remember(record: SwitchRecord): void {
    const { records } = this.state;
    records.push(record);
    records.splice(0, Math.max(0, records.length - KEPT_RECORDS));
    this.#host.save();
  }

  /** Takes no change of this claim from now on. On disk when it returns. */
  closeClaim(claim: string): void {
    const { undone } = this.state;
    if (undone.includes(claim)) return;
    undone.push(claim);
    undone.splice(0, Math.max(0, undone.length - KEPT_RECORDS));
    this.#host.save();
  }

  /** Calls off a move that has not been switched yet, and waits for the end of one that has. True when it was called off. */
  async callOff(why: string): Promise<boolean> {
    const move = this.#move;
    if (!move) return false;
    const calledOff = !move.switched;
    if (calledOff) move.abort.abort(why);
    await move.end;
    return calledOff;
  }

  /** Waits for the end of the present move. */
  async settled(): Promise<void> {
    await this.#move?.end;
  }

  /** A new process on the same site takes over, as after a change of the app's configuration. */
  async renew(): Promise<void> {
    this.#edition += 1;
    await this.settled();
    if (!isServing(this.#serving)) return;
    const fresh = await startInstance(this.#request(this.state.site, this.#stop.signal));
    // A move that began meanwhile has put a new process on another site.
    if (fresh.site !== this.state.site) return stopInstance(fresh);
    const old = this.#serving;
    await this.#take(fresh);
    await this.#retire(old);
  }

  #request(site: string, signal: AbortSignal) {
    return { app: this.name, site, launch: this.#host.launch(this.name, site), deadlineS: this.#host.deadlineS(this.name), signal };
  }

  async #supervise(): Promise<void> {
    let waitMs = 100;
    while (!this.#stop.signal.aborted) {
      if (isServing(this.#serving)) {
        const how = await Promise.race([this.#serving.gone, this.#replaced()]);
        if (how !== undefined && !isServing(this.#serving) && !this.#stop.signal.aborted)
          this.#host.log('an app ended and is started again', { app: this.name, how });
        continue;
      }
      try {
        await this.#restart();
        waitMs = 100;
      } catch (error) {
        this.#problem = (error as Error).message;
        if (this.#stop.signal.aborted) return;
        this.#host.log('an app could not be started', { app: this.name, site: this.state.site, why: this.#problem });
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        waitMs = Math.min(waitMs * 2, MAX_BACKOFF_MS);
      }
    }
  }

  #replaced(): Promise<undefined> {
    return new Promise((resolve) => {
      this.#onTake = () => resolve(undefined);
    });
  }

  async #restart(): Promise<void> {
    const edition = this.#edition;
    const fresh = await startInstance(this.#request(this.state.site, this.#stop.signal));
    // A move may have been switched, another process taken over, or the configuration changed while this one was starting.
    const stale = isServing(this.#serving) || fresh.site !== this.state.site || edition !== this.#edition;
    if (stale || this.#stop.signal.aborted) return stopInstance(fresh);
    await this.#take(fresh);
  }

  async #take(fresh: Instance): Promise<void> {
    this.#serving = fresh;
    this.#onTake();
    this.#problem = undefined;
    // A proxy that is just away learns where to point when it is back.
    await this.#host
      .point(this.name, fresh.port)
      .catch((error: unknown) => this.#host.log('the proxy was away at a switch', { app: this.name, why: (error as Error).message }));
  }

  /** After a restart of the daemon: a move that was switched is done; one that was not is still wanted. */
  #resume(record: SwitchRecord): void {
    if (record.switchedMs !== undefined) {
      record.outcome = 'done';
      record.endedMs = record.switchedMs;
      return this.#host.save();
    }
    const inForce = record.kind === 'apply' ? record.decisionId : this.state.decisionId;
    this.#carryOut({ kind: record.kind, decisionId: record.decisionId, to: record.to, inForce });
  }

  #carryOut(task: Task): void {
    const record = this.state.records.at(-1);
    if (!record) return;
    const abort = new AbortController();
    const move = { task, abort, switched: false, end: Promise.resolve() };
    this.#move = move;
    move.end = this.#steps(task, record, move)
      .catch((error: unknown) => this.#fail(record, abort.signal.aborted ? String(abort.signal.reason) : (error as Error).message))
      .then(() => {
        this.#move = undefined;
        this.#host.save();
      });
  }

  async #steps(task: Task, record: SwitchRecord, move: { abort: AbortController; switched: boolean }): Promise<void> {
    const startedMs = performance.now();
    const lostBefore = await this.#host.lostSoFar(this.name);
    const fresh = await startInstance(this.#request(task.to, move.abort.signal));
    if (move.abort.signal.aborted) {
      await stopInstance(fresh);
      throw new Error('called off');
    }
    const readyMs = performance.now();
    const old = this.#serving;
    move.switched = true;
    // On disk before it happens: after a crash in between, the next start serves from the new site, and it is one switch either way.
    this.#switchState(task, record);
    await this.#take(fresh);
    const switchedMs = performance.now();
    const failed = await this.#retire(old);
    record.outcome = 'done';
    record.endedMs = Date.now();
    record.report = reportOf({ startedMs, readyMs, switchedMs, failedRequests: Math.max(0, failed - lostBefore) });
    this.#host.log('an app was moved', {
      app: this.name,
      from: record.from,
      to: record.to,
      decisionId: record.decisionId,
      ...record.report,
    });
  }

  #switchState(task: Task, record: SwitchRecord): void {
    this.state.site = task.to;
    this.state.generation += 1;
    if (task.inForce === undefined) delete this.state.decisionId;
    else this.state.decisionId = task.inForce;
    record.switchedMs = Date.now();
    this.#host.save();
  }

  /** Lets a process finish what it has, then ends it. */
  async #retire(old: Instance | undefined): Promise<number> {
    const { failed } = await this.#host.drain(this.name).catch(() => ({ failed: 0 }));
    if (isServing(old)) await stopInstance(old);
    return failed;
  }

  #fail(record: SwitchRecord, why: string): void {
    if (this.#stop.signal.aborted && record.switchedMs === undefined) return;
    record.outcome = record.switchedMs === undefined ? 'failed' : 'done';
    record.endedMs = Date.now();
    record.why = why;
    this.#host.log('a move failed', { app: this.name, to: record.to, decisionId: record.decisionId, why });
  }
}

function reportOf(at: { startedMs: number; readyMs: number; switchedMs: number; failedRequests: number }): MoveReport {
  const drainS = (performance.now() - at.switchedMs) / 1000;
  return {
    startS: (at.readyMs - at.startedMs) / 1000,
    switchS: (at.switchedMs - at.readyMs) / 1000,
    drainS,
    failedRequests: at.failedRequests,
  };
}
