import { kpiAtScore } from '../../domain/objective.ts';
import type { Objective } from '../../domain/config.ts';
import type { Decision } from '../../domain/decision.ts';
import type { Store } from '../../connectors/store/types.ts';
import { summariseDecision } from '../../domain/explain.ts';
import { clockOf } from './clock.ts';

export interface LiveOptions {
  readonly store: Store;
  readonly objective: Objective;
  readonly say: (line: string) => void;
  /** Redraw a table in place; otherwise only lines are written. */
  readonly terminal: boolean;
}

/** Follows the looks: a line for every decision that would move an app, and on a terminal a small table of the sites. */
export class Live {
  readonly #options: LiveOptions;
  readonly #last = new Map<string, string>();
  #seenMs = 0;
  #drawn = 0;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  /** Shows what was decided since the last call. */
  async update(): Promise<void> {
    const { store, say, terminal } = this.#options;
    const fresh = [...(await store.decisions({ limit: 100, ...(this.#seenMs > 0 && { fromMs: this.#seenMs + 1 }) }))].reverse();
    if (fresh.length === 0) return;
    const newest = fresh[fresh.length - 1]?.lookMs ?? this.#seenMs;
    this.#wipe();
    for (const d of this.#seenMs === 0 ? [] : fresh)
      if (this.#isNews(d)) say(`  ${clockOf(d.lookMs)} ${d.app.padEnd(8)} ${summariseDecision(d)}`);
    this.#seenMs = newest;
    if (terminal) this.#draw(fresh.filter((d) => d.lookMs === newest));
  }

  /** A move; or a recommendation, when it begins: it stands at many looks. */
  #isNews(d: Decision): boolean {
    const what = `${d.verdict} ${d.reason} ${d.to ?? ''}`;
    const before = this.#last.get(d.app);
    this.#last.set(d.app, what);
    return d.verdict === 'move' || (d.verdict === 'recommend' && before !== what);
  }

  /** Takes the table away, so that lines may follow. */
  #wipe(): void {
    if (this.#drawn > 0) process.stderr.write(`\u001b[${this.#drawn}A\u001b[0J`);
    this.#drawn = 0;
  }

  #draw(decisions: readonly Decision[]): void {
    const rows = decisions.map((d) => {
      const cells = d.candidates.map(
        (c) => `${c.current ? '▶' : ' '}${c.site} ${this.#ms(c.qos?.p50)}${c.current ? ` (now ${this.#ms(c.rule)})` : ''}`,
      );
      return `  ${d.app.padEnd(8)} ${d.verdict.padEnd(9)} ${cells.map((c) => c.padEnd(34)).join(' ')}`;
    });
    const lines = ['', '  app      verdict   predicted latency per site (present site: observed now)', ...rows];
    process.stderr.write(`${lines.join('\n')}\n`);
    this.#drawn = lines.length;
  }

  #ms(score: number | undefined): string {
    const kpi = this.#options.objective.kpis[0];
    if (score === undefined || !kpi) return 'unknown';
    const at = kpiAtScore(kpi, score);
    return Number.isFinite(at) ? `${at.toFixed(1)} ${kpi.unit}` : 'unknown';
  }

  end(): void {
    this.#wipe();
  }
}
