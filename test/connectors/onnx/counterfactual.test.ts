import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { folderBlobs } from '../../../connectors/blobs/folder.ts';
import { openInference } from '../../../connectors/onnx/inference.ts';
import type { Frame } from '../../../domain/frame.ts';
import { fillFeatures } from '../../../learning/features.ts';
import { trainCounterfactual } from '../../../learning/train.ts';
import type { TrainResult } from '../../../learning/train.ts';
import { latencyObjective, neighbourProfile } from '../../learning/neighbour.ts';

/** Rows of both sites at every tick of a frame that the model has never seen, in the order tick, site. */
function rowsOf({ contract }: TrainResult, frame: Frame, ticks: readonly number[]): Float32Array {
  const width = contract.plan.names.length;
  const rows = new Float32Array(ticks.length * 2 * width);
  ticks.forEach((tick, i) =>
    [0, 1].forEach((site) => fillFeatures(contract.plan, { ...frame, facts: {} }, site, tick, rows, (2 * i + site) * width)),
  );
  return rows;
}

test('what is trained, written as ONNX and served names the better site four seconds ahead, whether the app is there or not', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'berth-counterfactual-'));
  const blobs = folderBlobs(dir);
  const inference = openInference({ blobs, threads: 1, cacheBytes: 64_000_000 });
  onTestFinished(async () => {
    await inference.close();
    await rm(dir, { recursive: true });
  });
  // Visits out of step with the neighbour, whose cycle is about 22 s: a profile in step with it sees each site in one phase only.
  const profile = neighbourProfile({ seed: 1, visits: 12, visitS: 7 });
  const model = trainCounterfactual({
    app: 'berth',
    frames: [profile.frame],
    visits: profile.visits,
    objective: latencyObjective,
    facts: {},
    horizonS: 4,
    seed: 1,
    data: [],
  });
  expect(model.servedBy).toBe('model');

  // The app stays for 80 s where it is; the other site is only ever predicted.
  const { frame, truth } = neighbourProfile({ seed: 51, visits: 1, visitS: 80 });
  const horizon = model.contract.plan.horizonTicks;
  const ticks = Array.from({ length: frame.grid.ticks - horizon - 32 }, (_, i) => i + 32).filter(
    (t) => truth[0]![t + horizon] !== truth[1]![t + horizon],
  );
  const q = await inference.predict(
    { sha256: await blobs.put(model.onnx), contractDigest: model.contractDigest },
    rowsOf(model, frame, ticks),
    ticks.length * 2,
  );
  const right = ticks.filter((t, i) => q[6 * i + 1]! < q[6 * i + 4]! === truth[0]![t + horizon]! < truth[1]![t + horizon]!).length;
  const asNow = ticks.filter((t) => truth[0]![t]! < truth[1]![t]! === truth[0]![t + horizon]! < truth[1]![t + horizon]!).length;
  expect(ticks.length).toBeGreaterThan(80);
  expect(right / ticks.length).toBeGreaterThan(0.85);
  expect(right).toBeGreaterThan(asNow);
  const error = (site: number): number =>
    ticks.reduce((sum, t, i) => sum + Math.abs(Math.log(q[6 * i + 3 * site + 1]! / truth[site]![t + horizon]!)), 0) / ticks.length;
  expect(error(1)).toBeLessThan(1.5 * error(0));
});
