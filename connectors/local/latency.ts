/** Buckets 2 % wide from 0.05 ms: a quantile is off by at most 1 %, whatever the number of requests. */
const LOWEST_MS = 0.05;
const LOG_WIDTH = Math.log(1.02);

/** Counts of latencies by logarithmic bucket. */
export class Histogram {
  readonly #counts = new Map<number, number>();
  #n = 0;
  #logSum = 0;

  get n(): number {
    return this.#n;
  }

  add(ms: number): void {
    const clipped = Math.max(ms, LOWEST_MS);
    const bucket = Math.floor(Math.log(clipped / LOWEST_MS) / LOG_WIDTH);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#n += 1;
    this.#logSum += Math.log(clipped);
  }

  merge(other: Histogram): void {
    for (const [bucket, count] of other.#counts) this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
    this.#n += other.#n;
    this.#logSum += other.#logSum;
  }

  /** exp(mean log latency): steadier than a quantile of few requests. */
  geometricMeanMs(): number | undefined {
    return this.#n === 0 ? undefined : Math.exp(this.#logSum / this.#n);
  }

  quantileMs(q: number): number | undefined {
    if (this.#n === 0) return undefined;
    let left = Math.ceil(q * this.#n);
    for (const [bucket, count] of [...this.#counts].sort((a, b) => a[0] - b[0])) {
      left -= count;
      if (left <= 0) return middleMs(bucket);
    }
    return undefined;
  }

  countOver(boundMs: number): number {
    let over = 0;
    for (const [bucket, count] of this.#counts) if (middleMs(bucket) > boundMs) over += count;
    return over;
  }
}

function middleMs(bucket: number): number {
  return LOWEST_MS * Math.exp((bucket + 0.5) * LOG_WIDTH);
}

/**
 * What became of a request. `failed`: 502, reset or refused, what a switch may lose. `badStatus`: the app itself answered 400 or more.
 * `timedOut` and `shed` are overload.
 */
export type Fate = 'ok' | 'failed' | 'badStatus' | 'timedOut' | 'shed';

export interface RequestCounts {
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  readonly badStatus: number;
  readonly timedOut: number;
  readonly shed: number;
}

export interface SecondRow {
  readonly atMs: number;
  readonly n: number;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly shareOverBound?: number;
}

export interface LatencyReport {
  readonly requests: RequestCounts;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  /** Share of all requests, those still under way excepted, that were not answered within the bound: late, timed out, failed or shed. */
  readonly shareOverBound?: number;
  readonly seconds: readonly SecondRow[];
}

interface Cell {
  readonly counts: Record<keyof RequestCounts, number>;
  readonly hist: Histogram;
}

const KEPT_S = 3600;

/** Every request of the last hour by the second it was meant for. */
export class LatencyLog {
  readonly #cells = new Map<number, Cell>();

  /** A request goes out; what becomes of it is added later. */
  send(intendedMs: number): void {
    this.#cell(Math.floor(intendedMs / 1000)).counts.sent += 1;
  }

  add(intendedMs: number, fate: Fate, latencyMs?: number): void {
    const cell = this.#cell(Math.floor(intendedMs / 1000));
    cell.counts[fate] += 1;
    if (latencyMs !== undefined) cell.hist.add(latencyMs);
  }

  report(fromMs: number, toMs: number, boundMs: number): LatencyReport {
    const total = newCell();
    const seconds: SecondRow[] = [];
    for (const [second, cell] of this.#cells) {
      if (second * 1000 < fromMs || second * 1000 >= toMs) continue;
      for (const key of Object.keys(total.counts) as (keyof RequestCounts)[]) total.counts[key] += cell.counts[key];
      total.hist.merge(cell.hist);
      seconds.push({ atMs: second * 1000, n: cell.counts.sent, ...summaryOf(cell, boundMs) });
    }
    return { requests: total.counts, ...summaryOf(total, boundMs), seconds: seconds.sort((a, b) => a.atMs - b.atMs) };
  }

  #cell(second: number): Cell {
    const found = this.#cells.get(second);
    if (found) return found;
    const made = newCell();
    this.#cells.set(second, made);
    for (const old of this.#cells.keys()) {
      if (old >= second - KEPT_S) break;
      this.#cells.delete(old);
    }
    return made;
  }
}

function newCell(): Cell {
  return { counts: { sent: 0, ok: 0, failed: 0, badStatus: 0, timedOut: 0, shed: 0 }, hist: new Histogram() };
}

function summaryOf(cell: Cell, boundMs: number): { p50Ms?: number; p95Ms?: number; shareOverBound?: number } {
  const p50Ms = cell.hist.quantileMs(0.5);
  const p95Ms = cell.hist.quantileMs(0.95);
  const { ok, failed, badStatus, timedOut, shed } = cell.counts;
  const settled = ok + failed + badStatus + timedOut + shed;
  if (settled === 0) return {};
  const over = cell.hist.countOver(boundMs) + failed + badStatus + shed;
  return { ...(p50Ms !== undefined && { p50Ms }), ...(p95Ms !== undefined && { p95Ms }), shareOverBound: over / settled };
}

/** One app between two scrapes. Latencies by the time they became known; they are of the requests that were served. */
export interface Tick {
  readonly asked: number;
  /** Requests that ended unserved: an error of the app, or none who answered. */
  readonly failed: number;
  /** Share of the requests that ended; absent when none did. */
  readonly failedShare?: number;
  readonly meanMs?: number;
  readonly p95Ms?: number;
}

export class TickLog {
  #asked = 0;
  #failed = 0;
  #hist = new Histogram();

  ask(): void {
    this.#asked += 1;
  }

  add(latencyMs: number): void {
    this.#hist.add(latencyMs);
  }

  /** A quick error is no quick answer: it has no latency. */
  fail(): void {
    this.#failed += 1;
  }

  take(): Tick {
    const meanMs = this.#hist.geometricMeanMs();
    const p95Ms = this.#hist.quantileMs(0.95);
    const ended = this.#failed + this.#hist.n;
    const tick = {
      asked: this.#asked,
      failed: this.#failed,
      ...(ended > 0 && { failedShare: this.#failed / ended }),
      ...(meanMs !== undefined && { meanMs }),
      ...(p95Ms !== undefined && { p95Ms }),
    };
    this.#asked = 0;
    this.#failed = 0;
    this.#hist = new Histogram();
    return tick;
  }
}
