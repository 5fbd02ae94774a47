import type { Objective } from '../domain/config.ts';
import type { Frame } from '../domain/frame.ts';
import { objectiveDigest } from '../domain/objective.ts';
import { backtest, trainingSet } from './backtest.ts';
import type { BacktestState } from './backtest.ts';
import { conformalOffsets } from './conformal.ts';
import type { FeaturePlan, ModelContract } from './contract.ts';
import { buildDataset, targetOf } from './dataset.ts';
import type { Sources } from './dataset.ts';
import type { Facts } from './features.ts';
import { boosting } from './learners/boosting.ts';
import { heldOutOf } from './held-out.ts';
import type { HeldOut } from './held-out.ts';
import { inputRanges } from './input-ranges.ts';
import type { InputRange } from './input-ranges.ts';
import { finish } from './learners/fitted.ts';
import { toScale } from './learners/learner.ts';
import type { FitOptions, Learner, Scale } from './learners/learner.ts';
import { ridge } from './learners/ridge.ts';
import { overallMedian, siteMean, siteMedian } from './learners/site-table.ts';
import { contractMetadata, digestContract } from './onnx/metadata.ts';
import { fitLevels, planBaseline, planFeatures } from './plan.ts';
import type { Visit } from './profile.ts';
import { evidenceOf, figure, judge, persistence } from './report.ts';
import type { CandidateReport, Comparison, Judged, SiteEvidence } from './report.ts';
import { MARGIN } from './skill.ts';

export interface TrainInput {
  readonly app: string;
  readonly frames: readonly Frame[];
  readonly visits: readonly Visit[];
  readonly objective: Objective;
  readonly facts: Facts;
  readonly horizonS: number;
  readonly seed: number;
  /** sha256 of the frames, for the contract. */
  readonly data: readonly string[];
  /** Seconds at the beginning of a visit that do not count; absent: 0. */
  readonly settleS?: number;
  /** True once the time budget is spent; absent: never. */
  readonly isOver?: () => boolean;
  readonly onProgress?: (progress: TrainProgress) => void;
  /** What an earlier attempt at the same input had learned, and where to hand it. A resumed training gives the same model, bit for bit. */
  readonly resume?: BacktestState;
  readonly onState?: (state: BacktestState) => void;
}

export interface TrainProgress {
  readonly stage: 'features' | 'backtest' | 'fit';
  readonly done: number;
  readonly of: number;
}

export interface TrainedModel {
  readonly name: string;
  readonly onnx: Uint8Array;
  readonly contract: ModelContract;
  readonly contractDigest: string;
}

/** Plain JSON; null = could not be told. */
export interface TrainReport {
  readonly app: string;
  readonly target: string;
  readonly better: 'lower' | 'higher';
  readonly scale: Scale;
  readonly horizonS: number;
  readonly stepS: number;
  readonly rows: number;
  readonly visits: number;
  readonly features: number;
  readonly folds: number;
  readonly gapS: number;
  readonly wantedGapS: number;
  readonly candidates: readonly CandidateReport[];
  readonly bestBaseline: string | null;
  readonly bestModel: string | null;
  readonly skill: { readonly value: number | null; readonly low: number | null; readonly high: number | null } | null;
  readonly servedBy: 'model' | 'baseline';
  readonly served: string;
  /** One sentence for a person. */
  readonly why: string;
  readonly coverage: number | null;
  readonly nowcast: { readonly rows: number; readonly maeScore: number | null; readonly lastValueMaeScore: number | null };
  readonly sites: readonly SiteEvidence[];
  readonly about: Readonly<Record<string, number | string>>;
  /** What its inputs were between while it learned; live input is watched by them. */
  readonly inputs: readonly InputRange[];
}

export interface TrainResult extends TrainedModel {
  readonly servedBy: 'model' | 'baseline';
  readonly report: TrainReport;
  /** From held-out visits; empty where no backtest was possible. */
  readonly evidence: readonly SiteEvidence[];
  /** What it and the best baseline said of visits they had not seen, row by row; empty where no backtest was possible. */
  readonly heldOut: HeldOut;
  /** The best plain baseline, which serves wherever the model does not; the same as the result where it serves anyway. */
  readonly baseline: TrainedModel;
}

const MODELS: readonly Learner[] = [ridge, boosting(), boosting({ loss: { kind: 'absolute' } })];
const BASELINES: readonly Learner[] = [siteMean, siteMedian, overallMedian];

/**
 * Learns the QoS of an app on any of its sites from what its profile showed. What serves is the best model only if it beats the best plain
 * baseline by 2 % of its error with the interval above zero, on visits it has not seen; else the baseline.
 * Throws RangeError naming what is missing when there is not one usable row.
 */
export function trainCounterfactual(input: TrainInput): TrainResult {
  const progress = input.onProgress ?? (() => undefined);
  const fit: FitOptions = { seed: input.seed, isOver: input.isOver ?? (() => false) };
  const sources: Sources = { ...input, settleS: input.settleS ?? 0 };
  const sites = [...new Set(input.visits.filter((v) => v.outcome === 'observed').map((v) => v.site))].sort();
  const bare = planFeatures({ frames: input.frames, facts: input.facts, horizonS: input.horizonS, sites });
  progress({ stage: 'features', done: 0, of: 1 });
  const data = buildDataset(bare, sources);
  if (data.n === 0) throw new RangeError(emptyBecause(input));
  progress({ stage: 'features', done: 1, of: 1 });

  const scale = scaleOf(input.objective, data.target);
  const learners = [...BASELINES, ...MODELS];
  const onFold = (done: number, of: number): void => progress({ stage: 'backtest', done, of });
  const state = { ...(input.resume && { resume: input.resume }), ...(input.onState && { onState: input.onState }) };
  const test = backtest({ plan: bare, data, sources, scale, learners, fit, onFold, ...state });
  const comparison: Comparison = { data, test, objective: input.objective, scale };
  const judged = judge(comparison, learners, input.seed);
  const verdict = verdictOf(judged);

  const plan = fitLevels(bare, { frames: input.frames, include: () => true });
  const context = { input, sources, scale, fit, comparison };
  const baseline = fitFinal(context, planBaseline(plan), named(BASELINES, judged.bestBaseline ?? siteMean.name));
  progress({ stage: 'fit', done: 1, of: 2 });
  const served = verdict.servedBy === 'model' ? fitFinal(context, plan, named(MODELS, judged.bestModel!)) : baseline;
  progress({ stage: 'fit', done: 2, of: 2 });
  const evidence = judged.bestBaseline === undefined ? [] : evidenceOf(comparison, served.name);
  const report = { ...reportOf(context, judged, served), ...verdict, sites: evidence, features: served.contract.plan.names.length };
  const { about: _about, inputs: _inputs, ...model } = served;
  const heldOut = heldOutOf(comparison, served.name, baseline.name);
  return { ...model, servedBy: verdict.servedBy, report, evidence, heldOut, baseline };
}

interface Context {
  readonly input: TrainInput;
  readonly sources: Sources;
  readonly scale: Scale;
  readonly fit: FitOptions;
  readonly comparison: Comparison;
}

/** Fits on everything; the interval comes from the residuals on held-out visits, or from the fit itself where there was no backtest. */
function fitFinal(
  { input, sources, scale, fit, comparison }: Context,
  plan: FeaturePlan,
  learner: Learner,
): TrainedModel & Pick<TrainReport, 'about' | 'inputs'> {
  const data = buildDataset(plan, sources);
  const set = trainingSet(data, scale);
  const point = learner.fit(set, fit);
  const held = comparison.test.predicted.get(learner.name)!;
  const unseen = [...comparison.data.target].map((v, i) => toScale(scale, v) - held[i]!).filter((r) => Number.isFinite(r));
  const own = point.predict(set.rows, set.n);
  const offsets = conformalOffsets(unseen.length > 0 ? unseen : [...set.y].map((y, i) => y - own[i]!));
  const contract = contractOf(input, plan, learner);
  const fitted = finish(point, { width: plan.names.length, scale, offsets });
  return {
    name: learner.name,
    onnx: fitted.toOnnx(contractMetadata(contract)),
    contract,
    contractDigest: digestContract(contract),
    about: fitted.about,
    inputs: inputRanges(set),
  };
}

function contractOf(input: TrainInput, plan: FeaturePlan, learner: Learner): ModelContract {
  const { name, better } = targetOf(input.objective);
  return {
    schema: 1,
    kind: learner.kind === 'model' ? 'counterfactual' : 'baseline',
    learner: learner.name,
    target: name,
    better,
    quantiles: [0.1, 0.5, 0.9],
    plan,
    horizonS: (plan.horizonTicks * plan.stepMs) / 1000,
    stepS: plan.stepMs / 1000,
    objectiveDigest: objectiveDigest(input.objective),
    data: input.data,
    seed: input.seed,
  };
}

/** A positive KPI that spreads over more than a factor of two is learned as its logarithm: there errors are ratios, as with latencies. */
function scaleOf(objective: Objective, target: Float64Array): Scale {
  if (objective.kpis.length !== 1) return 'linear';
  const sorted = target.slice().sort();
  const low = sorted[Math.floor(0.05 * (sorted.length - 1))]!;
  const high = sorted[Math.ceil(0.95 * (sorted.length - 1))]!;
  return sorted[0]! > 0 && high > 2 * low ? 'log' : 'linear';
}

function verdictOf({ skill, bestModel, bestBaseline }: Judged): { servedBy: 'model' | 'baseline'; why: string } {
  if (!skill || bestModel === undefined || bestBaseline === undefined) {
    return {
      servedBy: 'baseline',
      why: 'The profile has too few visits to hold any out, so no model could be tried: the baseline serves.',
    };
  }
  if (!Number.isFinite(skill.value))
    return { servedBy: 'baseline', why: `The baseline "${bestBaseline}" makes no error in score: there is nothing for a model to gain.` };
  const gain = `${percent(skill.value)} (90 % interval ${percent(skill.low)} to ${percent(skill.high)})`;
  if (skill.value >= MARGIN && skill.low > 0)
    return {
      servedBy: 'model',
      why: `On visits it had not seen, "${bestModel}" makes ${gain} less error in score than the best baseline "${bestBaseline}".`,
    };
  return {
    servedBy: 'baseline',
    why: `No skill: the best model "${bestModel}" gains ${gain} over the baseline "${bestBaseline}"; it takes 2 % with the interval above zero. The baseline serves.`,
  };
}

function reportOf(
  { input, scale, comparison }: Context,
  judged: Judged,
  served: Pick<TrainedModel, 'name'> & Pick<TrainReport, 'about' | 'inputs'>,
): Omit<TrainReport, 'servedBy' | 'why' | 'sites' | 'features'> {
  const { data, test } = comparison;
  const evidence = judged.bestBaseline === undefined ? [] : evidenceOf(comparison, served.name);
  const samples = evidence.reduce((n, e) => n + e.samples, 0);
  const { value, low, high } = judged.skill ?? { value: NaN, low: NaN, high: NaN };
  return {
    app: input.app,
    target: targetOf(input.objective).name,
    better: targetOf(input.objective).better,
    scale,
    horizonS: input.horizonS,
    stepS: input.frames[0]!.grid.stepMs / 1000,
    rows: data.n,
    visits: new Set(data.visit).size,
    folds: test.folds.count,
    gapS: test.gapS,
    wantedGapS: test.wantedGapS,
    candidates: judged.candidates,
    bestBaseline: judged.bestBaseline ?? null,
    bestModel: judged.bestModel ?? null,
    skill: judged.skill ? { value: figure(value), low: figure(low), high: figure(high) } : null,
    served: served.name,
    coverage: figure(evidence.reduce((sum, e) => sum + e.samples * e.coverage, 0) / samples),
    nowcast: persistence(comparison, served.name),
    about: served.about,
    inputs: served.inputs,
  };
}

function emptyBecause({ app, frames, visits, objective, horizonS }: TrainInput): string {
  const observed = visits.filter((v) => v.outcome === 'observed').length;
  const ticks = frames.reduce((n, f) => n + f.grid.ticks, 0);
  return (
    `nothing to learn from for ${app}: ${ticks} ticks in ${frames.length} frames and ${observed} of ${visits.length} visits observed, but no tick where the app was placed, ` +
    `${targetOf(objective).name} was known and features were known ${horizonS} s before`
  );
}

function named(learners: readonly Learner[], name: string): Learner {
  return learners.find((l) => l.name === name)!;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
