import type { BreakerState } from './breaker.ts';
import type { AppSpec, Objective, Policy, SiteSpec } from './config.ts';
import type { Rights } from './rights.ts';
import type { ControllerRow, EvidenceRow, FleetRow, PastDecision, Placement, PredictionRow } from './records.ts';
import type { Sight } from './sight.ts';

/** Everything `decide()` may look at for one app. Same input, same decision, bit for bit. */
export interface DecideInput {
  readonly app: string;
  readonly spec: AppSpec;
  readonly policy: Policy;
  readonly objective: Objective;
  readonly policyVersion: number;
  /** Sites the app may run on, in the order of the configuration. */
  readonly sites: readonly { readonly site: string; readonly spec: SiteSpec }[];
  /** Scheduled time of the look; windows end here. */
  readonly lookMs: number;
  /** The clock: freshness and expiries are judged by it. */
  readonly nowMs: number;
  /** Seconds between looks. */
  readonly intervalS: number;
  /** Scheduled time of the look before; undefined = there was none. */
  readonly previousMs?: number;
  readonly recordOnly: boolean;
  readonly placement: Placement;
  readonly refusals: readonly { readonly site: string; readonly refusal: string }[];
  readonly prediction?: PredictionRow;
  readonly evidence: readonly EvidenceRow[];
  readonly controller?: ControllerRow;
  readonly fleet?: FleetRow;
  /** Of the whole fleet's newest moves; absent: nothing is known that would stop any. */
  readonly breaker?: BreakerState;
  /** What the moves of the predicting model have left it of its rights; absent: everything. */
  readonly rights?: { readonly model: Rights; readonly sites: ReadonlyMap<string, Rights> };
  /** Measured seconds that a move of this app takes to each site, 9 of 10 moves; absent: not measured. */
  readonly moveS?: ReadonlyMap<string, number>;
  /** Of how much of the fleet there is fresh data; absent: nothing is known that would stop any move. */
  readonly sight?: Sight;
  /** Newest first, at most `policy.sustained.of - 1`. */
  readonly past: readonly PastDecision[];
}
