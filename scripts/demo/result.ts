import type { SecondRow } from '../../connectors/local/latency.ts';
import type { NeighbourSpan } from '../../connectors/local/neighbours.ts';

export type PolicyName = 'held' | 'reactive' | 'berth';

export interface DemoMove {
  readonly app: string;
  readonly from: string;
  readonly to: string;
  /** ISO 8601. */
  readonly at: string;
  readonly reason: string;
  readonly predictedGain: number | null;
  /** Observed score after less observed score before; null = could not be told. */
  readonly realisedGain: number | null;
  readonly seconds: number | null;
  readonly failedRequests: number;
  readonly end: string;
}

export interface PolicyFigures {
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  /** Share of all requests not answered within the bound. */
  readonly shareOverBound: number | null;
  readonly moves: number;
}

/** What `npm run demo -- --json FILE` writes. Everything in it was measured in this run. */
export interface DemoResult {
  readonly seconds: number;
  readonly setupSeconds: number;
  readonly sites: 'cores' | 'simulated';
  readonly sitesReason: string;
  readonly boundMs: number;
  readonly requests: { readonly sent: number; readonly failed: number; readonly timedOut: number; readonly shed: number };
  readonly moves: readonly DemoMove[];
  readonly looks: number;
  readonly decisions: number;
  readonly predictions: number;
  readonly model: {
    readonly name: string;
    readonly skill: number | null;
    readonly baseline: string;
    readonly servedBy: 'model' | 'baseline';
    readonly said: string;
  };
  readonly policies: Readonly<Record<PolicyName, PolicyFigures>>;
  readonly workflows: Readonly<Record<string, { readonly completed: number; readonly failed: number; readonly running: number }>>;
  readonly replayed: number;
  readonly machine: string;
  readonly commit: string;
}

/** What the report draws, beside the result. Times are epoch ms. */
export interface DemoStory {
  readonly fromMs: number;
  /** End of profiling and training: from here on policies are compared. */
  readonly comparedFromMs: number;
  readonly toMs: number;
  readonly sites: readonly string[];
  /** Where each app was when the demo began. */
  readonly startedOn?: Readonly<Record<string, string>>;
  readonly latency: Readonly<Record<PolicyName, readonly SecondRow[]>>;
  readonly switches: readonly { readonly app: string; readonly from: string; readonly to: string; readonly atMs: number }[];
  /** Truth that the model was never given. */
  readonly neighbours: readonly NeighbourSpan[];
  /** Joined outcomes of every app: predicted and observed score at the time that was predicted, on the site where it was. */
  readonly outcomes: readonly {
    readonly app: string;
    readonly site: string;
    readonly atMs: number;
    readonly p10: number;
    readonly p50: number;
    readonly p90: number;
    readonly actual: number;
  }[];
  /** Predicted score of every site at the time that it is for, for the app called berth. */
  readonly predicted: readonly { readonly site: string; readonly atMs: number; readonly p50: number }[];
}
