import type { Config, Policy } from '../domain/config.ts';
import type { FleetWindow } from '../domain/frame.ts';
import type { DriftRow, ModelVersion } from '../domain/records.ts';
import type { ModelContract } from '../learning/contract.ts';
import { errorDrift, errorReference, inputDrifts, WINDOWS } from '../learning/drift.ts';
import type { ErrorWindow, InputWindow } from '../learning/drift.ts';
import { inputsBeyond } from '../learning/input-ranges.ts';
import type { InputRange } from '../learning/input-ranges.ts';
import { ticksNeeded } from '../learning/serve.ts';
import { beating } from './beating.ts';
import type { ComputeDeps } from './deps.ts';
import { heldOutOf } from './held-out.ts';
import { configured } from './looks.ts';

/** Looks that one stretch of live data spans. */
const LOOKS = 30;
/** Apps of one model whose input is read, and inputs that are named: more would not say more. */
const APPS_READ = 5;
const INPUTS_NAMED = 3;

export const driftActivities = (deps: ComputeDeps) => ({
  /** Compares what the champions of these keys say and read now with what they showed and read while they learned, and writes down all that has drifted. Returns one drift of each key that has any. */
  async findDrift({ keys, intervalS }: { keys: readonly string[]; intervalS: number }): Promise<DriftRow[]> {
    return await beating(async () => {
      const found: DriftRow[] = [];
      for (const key of keys) found.push(...(await driftsOf(deps, key, intervalS)).slice(0, 1));
      return found;
    });
  },
});

/** The drifts of one key as they were saved. */
async function driftsOf(deps: ComputeDeps, key: string, intervalS: number): Promise<readonly DriftRow[]> {
  const { store, clock } = deps;
  const nowMs = clock();
  const serving = await store.servedAt(key, nowMs);
  const { config } = await configured(store);
  const apps = Object.entries(config.apps).flatMap(([app, spec]) => {
    const policy = config.policies[spec.policy];
    return (spec.model ?? app) === key && policy?.predictor === 'model' ? [{ app, policy }] : [];
  });
  if (!serving || apps.length === 0) return await saved(deps, key, []);
  const about = {
    model: serving.model,
    sinceMs: serving.change.atMs,
    config,
    starts: startsBefore(nowMs, intervalS),
    lengthMs: LOOKS * intervalS * 1000,
  };
  const rows = [
    ...(await errorsOf(deps, about, apps)),
    ...(await inputsOf(
      deps,
      about,
      apps.slice(0, APPS_READ).map((a) => a.app),
    )),
  ];
  return await saved(
    deps,
    key,
    rows.map((row) => ({ ...row, key, version: serving.model.version, atMs: nowMs })),
  );
}

type Found = Omit<DriftRow, 'key' | 'version' | 'atMs'>;
interface About {
  readonly model: ModelVersion;
  /** Since when it serves: what was said before was said by another. */
  readonly sinceMs: number;
  readonly config: Config;
  readonly starts: readonly number[];
  readonly lengthMs: number;
}

/** The newest whole stretches whose outcomes are in. They lie on one grid, so that no look is counted for two of them. */
function startsBefore(nowMs: number, intervalS: number): number[] {
  const lengthMs = LOOKS * intervalS * 1000;
  const last = Math.floor((nowMs - 2 * intervalS * 1000) / lengthMs) - 1;
  return Array.from({ length: WINDOWS }, (_, i) => (last - WINDOWS + 1 + i) * lengthMs);
}

async function errorsOf(deps: ComputeDeps, about: About, apps: readonly { app: string; policy: Policy }[]): Promise<Found[]> {
  const reference = errorReference(await heldOutOf(deps.blobs, about.model));
  if (!reference) return [];
  const found: Found[] = [];
  for (const { app, policy } of apps) {
    const fromMs = Math.max(about.sinceMs, about.starts[0]! - policy.horizon * 1000);
    const rows = await deps.store.outcomes({ app, fromMs, toMs: about.starts.at(-1)! + about.lengthMs });
    const windows = about.starts.map((startMs): ErrorWindow => ({
      fromMs: startMs,
      outcomes: rows.filter((o) => o.predictor !== 'rule' && o.targetMs >= startMs && o.targetMs < startMs + about.lengthMs),
    }));
    const drift = errorDrift(windows, reference);
    if (drift) found.push({ ...drift, app, kind: 'error', name: 'error', why: `of ${app} ${drift.why}` });
  }
  return found;
}

async function inputsOf(deps: ComputeDeps, about: About, apps: readonly string[]): Promise<Found[]> {
  const { model, config, starts, lengthMs } = about;
  const ranges = (model.report as { inputs?: readonly InputRange[] }).inputs ?? [];
  const { plan } = model.contract as ModelContract;
  const sites = plan.oneHotSites.filter((site) => config.sites[site]);
  if (ranges.length === 0 || sites.length === 0 || starts[0]! < about.sinceMs) return [];
  const facts = Object.fromEntries(Object.entries(config.sites).map(([site, s]) => [site, s.facts]));
  const seen: FleetWindow[] = [];
  for (const startMs of starts) {
    const fromMs = startMs - ticksNeeded(plan) * plan.stepMs;
    const window = await deps.store.telemetry.windows({ apps, sites, fromMs, toMs: startMs + lengthMs, stepMs: plan.stepMs });
    if ('kind' in window) return [];
    seen.push(window);
  }
  return apps.flatMap((app) => {
    const windows = seen.map((window, i): InputWindow => ({
      fromMs: starts[i]!,
      inputs: inputsBeyond(plan, ranges, { window, app, facts }),
    }));
    return inputDrifts(windows)
      .slice(0, INPUTS_NAMED)
      .map((drift): Found => ({ ...drift, app, kind: 'input', why: `of ${app} ${drift.why}` }));
  });
}

/** What goes on keeps its beginning. */
async function saved({ store }: ComputeDeps, key: string, rows: readonly DriftRow[]): Promise<readonly DriftRow[]> {
  const before = new Map((await store.drifts()).filter((d) => d.key === key).map((d) => [idOf(d), d]));
  const kept = rows.map((row) => {
    const known = before.get(idOf(row));
    return known ? { ...row, sinceMs: known.sinceMs } : row;
  });
  if (kept.length > 0 || before.size > 0) await store.saveDrifts(key, kept);
  return kept;
}

const idOf = ({ version, app, kind, name }: DriftRow): string => JSON.stringify([version, app, kind, name]);
