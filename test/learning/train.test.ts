import { beforeAll, describe, expect, test } from 'vitest';
import type { Objective } from '../../domain/config.ts';
import type { Frame } from '../../domain/frame.ts';
import type { Visit } from '../../learning/profile.ts';
import { readModelMetadata } from '../../learning/onnx/metadata.ts';
import { randomFrom } from '../../learning/random.ts';
import { trainCounterfactual } from '../../learning/train.ts';
import type { TrainInput, TrainProgress, TrainResult } from '../../learning/train.ts';
import { decodeState, encodeState } from '../../activities/checkpoint.ts';
import type { BacktestState } from '../../learning/backtest.ts';
import { latencyObjective, neighbourProfile } from './neighbour.ts';

function inputOf({ frame, visits }: { frame: Frame; visits: Visit[] }, change: Partial<TrainInput> = {}): TrainInput {
  return {
    app: 'berth',
    frames: [frame],
    visits,
    objective: latencyObjective,
    facts: {},
    horizonS: 4,
    seed: 1,
    data: ['d'.repeat(64)],
    ...change,
  };
}

describe('a profile of six visits of ten seconds beside an alternating neighbour', () => {
  const progress: TrainProgress[] = [];
  let result: TrainResult;
  beforeAll(() => {
    result = trainCounterfactual(inputOf(neighbourProfile({ seed: 1, visits: 6, visitS: 10 }), { onProgress: (p) => progress.push(p) }));
  });

  test('is served by a model that beats every baseline on visits it has not seen', () => {
    expect(result.servedBy).toBe('model');
    expect(result.report.skill?.value).toBeGreaterThan(0.3);
    expect(result.report.skill?.low).toBeGreaterThan(0);
    expect(result.report.why).toMatch(/less error in score than the best baseline/);
  });

  test('beats the last value too, where there is one', () => {
    const { rows, maeScore, lastValueMaeScore } = result.report.nowcast;
    expect(rows).toBeGreaterThan(20);
    expect(maeScore).toBeLessThan(lastValueMaeScore!);
  });

  test('covers about four outcomes of five', () => {
    expect(result.report.coverage).toBeGreaterThan(0.7);
    expect(result.report.coverage).toBeLessThan(0.92);
  });

  test('writes evidence for each site in score units', () => {
    expect(result.evidence.map((e) => e.site)).toEqual(['site-0', 'site-1']);
    for (const { samples, error } of result.evidence) {
      expect(samples).toBeGreaterThan(30);
      expect(error).toBeGreaterThan(0);
      expect(error).toBeLessThan(0.25);
    }
  });

  test('carries its contract inside the model, and the baseline with one of its own', () => {
    expect(readModelMetadata(result.onnx)).toEqual({
      contract: result.contract,
      contractDigest: result.contractDigest,
      width: result.contract.plan.names.length,
    });
    expect(result.contract).toMatchObject({
      kind: 'counterfactual',
      target: 'kpi_latency_ms',
      better: 'lower',
      horizonS: 4,
      stepS: 0.5,
      data: ['d'.repeat(64)],
    });
    expect(readModelMetadata(result.baseline.onnx).contract).toMatchObject({
      kind: 'baseline',
      plan: { names: ['site_is_site-0', 'site_is_site-1'] },
    });
  });

  test('has a report that is plain JSON and small', () => {
    const text = JSON.stringify(result.report);
    expect(JSON.parse(text)).toEqual(result.report);
    expect(text.length).toBeLessThan(48 * 1024);
  });

  test('says how far it is, fold by fold', () => {
    expect(progress.filter((p) => p.stage === 'backtest')).toEqual([1, 2, 3, 4, 5, 6].map((done) => ({ stage: 'backtest', done, of: 6 })));
  });

  test('gives the same bytes again', () => {
    const again = trainCounterfactual(inputOf(neighbourProfile({ seed: 1, visits: 6, visitS: 10 })));
    expect(again.onnx).toEqual(result.onnx);
    expect(again.report).toEqual(result.report);
  });
});

describe('no skill', () => {
  test.each([1, 2, 3])('a shuffled latency is served by the baseline, and the report says so (seed %i)', (seed) => {
    const profile = neighbourProfile({ seed, visits: 6, visitS: 10 });
    const { report, servedBy, onnx, baseline } = trainCounterfactual(inputOf({ ...profile, frame: shuffled(profile.frame, seed) }));
    expect(servedBy).toBe('baseline');
    expect(report.why).toMatch(/^No skill/);
    expect(onnx).toEqual(baseline.onnx);
  });

  test('a latency that the neighbour does not touch is served by the baseline', () => {
    expect(trainCounterfactual(inputOf(neighbourProfile({ seed: 2, visits: 6, visitS: 10, deaf: true }))).servedBy).toBe('baseline');
  });

  test('one visit allows no backtest: the baseline serves without evidence', () => {
    const { servedBy, evidence, report } = trainCounterfactual(inputOf(neighbourProfile({ seed: 2, visits: 1, visitS: 30 })));
    expect({ servedBy, evidence, skill: report.skill }).toEqual({ servedBy: 'baseline', evidence: [], skill: null });
    expect(report.why).toMatch(/too few visits/);
  });
});

test('a tenth of all samples missing leaves a model with skill', () => {
  const { servedBy, report } = trainCounterfactual(inputOf(neighbourProfile({ seed: 2, visits: 8, visitS: 10, missing: 0.1 })));
  expect(servedBy).toBe('model');
  expect(report.rows).toBeGreaterThan(90);
});

test('several KPIs are learned as their score', () => {
  const objective: Objective = {
    ...latencyObjective,
    kpis: [...latencyObjective.kpis, { name: 'rate', unit: 'rps', better: 'higher', best: 20, worst: 0, scale: 'linear', weight: 1 }],
  };
  const profile = neighbourProfile({ seed: 1, visits: 6, visitS: 10 });
  const { series, values } = profile.frame.app;
  const ticks = profile.frame.grid.ticks;
  const app = {
    ...profile.frame.app,
    series: [...series, 'kpi_rate_rps'],
    values: Float32Array.from([...values, ...values.subarray(0, ticks)]),
  };
  const { contract, report, servedBy } = trainCounterfactual(inputOf({ ...profile, frame: { ...profile.frame, app } }, { objective }));
  expect({ target: contract.target, better: contract.better, scale: report.scale, servedBy }).toEqual({
    target: 'qos',
    better: 'higher',
    scale: 'linear',
    servedBy: 'model',
  });
});

test('failed visits are not learned from, and nothing usable is an error that says what is missing', () => {
  const profile = neighbourProfile({ seed: 1, visits: 6, visitS: 10 });
  const visits = profile.visits.map((v) => ({ ...v, outcome: 'failed' as const, why: 'never ready' }));
  expect(() => trainCounterfactual(inputOf({ ...profile, visits }))).toThrow(
    /nothing to learn from for berth: 120 ticks in 1 frames and 0 of 6 visits observed.*kpi_latency_ms/,
  );
});

test('out of time it still answers', () => {
  const { report } = trainCounterfactual(inputOf(neighbourProfile({ seed: 1, visits: 6, visitS: 10 }), { isOver: () => true }));
  expect(report.candidates).toHaveLength(6);
});

function shuffled(frame: Frame, seed: number): Frame {
  const random = randomFrom(seed);
  const values = frame.app.values.slice();
  const from = frame.app.series.indexOf('kpi_latency_ms') * frame.grid.ticks;
  for (let i = frame.grid.ticks - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [values[from + i], values[from + j]] = [values[from + j]!, values[from + i]!];
  }
  return { ...frame, app: { ...frame.app, values } };
}

test('a training that goes on behind any fold gives the same bytes as one that was never stopped', () => {
  const input = inputOf(neighbourProfile({ seed: 1, visits: 4, visitS: 8 }));
  const states: BacktestState[] = [];
  const whole = trainCounterfactual({ ...input, onState: (state) => states.push(structuredClone(state)) });
  expect(states.map((s) => s.folds)).toEqual([1, 2, 3, 4]);
  for (const state of states) {
    const done: number[] = [];
    const resume = decodeState(encodeState(state));
    const resumed = trainCounterfactual({ ...input, resume, onProgress: (p) => p.stage === 'backtest' && done.push(p.done) });
    expect({ onnx: resumed.onnx, report: resumed.report, heldOut: resumed.heldOut }).toEqual({
      onnx: whole.onnx,
      report: whole.report,
      heldOut: whole.heldOut,
    });
    expect(done[0] ?? 5).toBe(state.folds + 1);
  }
});

test('a state of other rows is begun anew', () => {
  const input = inputOf(neighbourProfile({ seed: 1, visits: 4, visitS: 8 }));
  const resume = { folds: 3, predicted: [['ridge', new Float64Array(2)] as const] };
  expect(trainCounterfactual({ ...input, resume }).onnx).toEqual(trainCounterfactual(input).onnx);
});
