import type { Objective } from '../domain/config.ts';
import type { FleetWindow } from '../domain/frame.ts';
import { objectiveDigest, scoreQuantiles } from '../domain/objective.ts';
import type { FeaturePlan, ModelContract } from './contract.ts';
import { appFeatures, siteFeatures, writeRow } from './features.ts';
import type { Facts } from './features.ts';

export interface RowRequest {
  readonly window: FleetWindow;
  readonly facts: Facts;
  /** Indices into `window.apps`: those that this plan's model serves. */
  readonly apps: readonly number[];
  /** Sites an app may run on, as indices into `window.sites.sites`; absent: all. */
  readonly sitesOf?: (app: number) => readonly number[];
}

/** Features of every app on every site that can be told: row i is of `app[i]` on `site[i]`, both indices into the window. */
export interface PackedRows {
  readonly rows: Float32Array;
  readonly n: number;
  readonly app: Int32Array;
  readonly site: Int32Array;
}

/** Packs the rows of the last tick of a window. What cannot be told has no row. Throws RangeError if the step is not the plan's. */
export function predictRows(plan: FeaturePlan, { window, facts, apps, sitesOf }: RowRequest): PackedRows {
  const { grid, sites } = window;
  if (grid.stepMs !== plan.stepMs) throw new RangeError(`window: its step is ${grid.stepMs} ms, the model learned with ${plan.stepMs} ms`);
  const all = sites.sites.map((_, s) => s);
  const width = plan.names.length;
  const most = sitesOf ? apps.reduce((sum, a) => sum + sitesOf(a).length, 0) : apps.length * all.length;
  const packed = { rows: new Float32Array(most * width), app: new Int32Array(most), site: new Int32Array(most) };
  const history = siteFeatures(plan, { grid, sites, facts }, grid.ticks - 1);
  let n = 0;
  for (const a of apps) {
    const own = appFeatures(plan, history, window.apps[a]!);
    for (const s of sitesOf ? sitesOf(a) : all) {
      packed.app[n] = a;
      packed.site[n] = s;
      if (writeRow(plan, history, own, s, packed.rows, n * width)) n++;
    }
  }
  return { n, rows: packed.rows.subarray(0, n * width), app: packed.app.subarray(0, n), site: packed.site.subarray(0, n) };
}

/** Ticks that a window must hold for the plan to see all it was taught. */
export function ticksNeeded(plan: FeaturePlan): number {
  return plan.history + plan.bridge;
}

/** Why a model cannot speak for an objective and a horizon now; undefined = it can. */
export function contractMismatch(
  contract: ModelContract,
  now: { objective: Objective; horizonS: number; stepS: number },
): string | undefined {
  const digest = objectiveDigest(now.objective);
  if (contract.objectiveDigest !== digest) return `the model learned objective ${contract.objectiveDigest}, in force is ${digest}`;
  if (Math.abs(contract.horizonS - now.horizonS) > now.stepS / 2)
    return `the model predicts ${contract.horizonS} s ahead, the policy asks for ${now.horizonS} s`;
  if (contract.stepS !== now.stepS) return `the model learned with a step of ${contract.stepS} s, telemetry has ${now.stepS} s`;
  return undefined;
}

/**
 * Score quantiles `[n][3]` from what a model gave: the KPI through the objective, its ends changing places where lower is better, or the score
 * itself. NaN stays NaN. Throws RangeError when the model was learned under another objective.
 */
export function toScores(objective: Objective, contract: ModelContract, quantiles: Float32Array): Float32Array {
  if (contract.objectiveDigest !== objectiveDigest(objective)) {
    throw new RangeError(`objective: its digest is ${objectiveDigest(objective)}, the model learned ${contract.objectiveDigest}`);
  }
  if (contract.target === 'qos') return quantiles.map((q) => (Number.isNaN(q) ? NaN : Math.min(1, Math.max(0, q))));
  const scores = new Float32Array(quantiles.length);
  for (let i = 0; i < quantiles.length; i += 3) {
    const score = scoreQuantiles(objective, { p10: quantiles[i]!, p50: quantiles[i + 1]!, p90: quantiles[i + 2]! });
    scores[i] = score.p10;
    scores[i + 1] = score.p50;
    scores[i + 2] = score.p90;
  }
  return scores;
}
