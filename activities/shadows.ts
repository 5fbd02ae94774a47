import { decide } from '../domain/decide.ts';
import type { Decision } from '../domain/decision.ts';
import { evidenceFor } from '../domain/evidence.ts';
import type { FleetWindow } from '../domain/frame.ts';
import type { AppliedConfig, EvidenceRow, LookRow, ModelVersion, PredictionRow, ShadowRow } from '../domain/records.ts';
import type { ModelContract } from '../learning/contract.ts';
import { judgeShadow } from '../learning/shadow.ts';
import type { ShadowRuling } from '../learning/shadow.ts';
import { predictRows, ticksNeeded, toScores } from '../learning/serve.ts';
import { beating } from './beating.ts';
import type { ComputeDeps } from './deps.ts';
import { configured } from './looks.ts';

/** Looks that one call works through. */
const LOOKS_PER_CALL = 50;

export const shadowActivities = (deps: ComputeDeps) => ({
  /**
   * Works out what a challenger would have said and done at the looks since `fromMs`, afterwards, from stored telemetry, in a process of its own: no
   * look waits for it or fails with it. Returns how it compares with the champion on what happened.
   */
  async watchShadow(ask: { key: string; version: number; fromMs: number; looks: number }): Promise<ShadowRuling> {
    return await beating(() => watch(deps, ask));
  },
});

async function watch(
  deps: ComputeDeps,
  { key, version, fromMs, looks }: { key: string; version: number; fromMs: number; looks: number },
): Promise<ShadowRuling> {
  const { store } = deps;
  const applied = await configured(store);
  const model = await store.model(key, version);
  const decided = (await store.looks(fromMs, deps.clock())).filter((l) => l.decidedMs !== undefined && !l.recordOnly).slice(0, looks);
  const known = new Set((await store.shadows({ key, version, fromMs })).map((s) => s.lookMs));
  const evidence = await store.evidence({ key, version });
  for (const look of decided.filter((l) => !known.has(l.lookMs)).slice(0, LOOKS_PER_CALL))
    if (model) await store.writeShadows(await shadowOf(deps, { applied, model, look, evidence }));
  const rows = await store.shadows({ key, version, fromMs });
  const outcomes = rows.length === 0 ? [] : await store.outcomes({ fromMs: rows[0]!.lookMs, toMs: rows.at(-1)!.lookMs });
  return judgeShadow(rows, outcomes);
}

interface At {
  readonly applied: AppliedConfig;
  readonly model: ModelVersion;
  readonly look: LookRow;
  readonly evidence: readonly EvidenceRow[];
}

async function shadowOf(deps: ComputeDeps, at: At): Promise<ShadowRow[]> {
  const { applied, model, look } = at;
  const { config } = applied;
  const apps = Object.entries(config.apps)
    .filter(([app, spec]) => (spec.model ?? app) === model.key)
    .map(([app]) => app);
  const stepMs = Math.round(config.telemetry.step * 1000);
  const ticks = ticksNeeded((model.contract as ModelContract).plan);
  const sites = Object.keys(config.sites);
  const span = { fromMs: look.lookMs - ticks * stepMs, toMs: look.lookMs, stepMs };
  const window = await deps.store.telemetry.windows({ apps, sites, ...span });
  if ('kind' in window) return [];
  const said = new Map((await deps.store.readPredictions(look.lookMs)).map((row) => [row.app, row]));
  const scores = await scoresOf(deps, at, window);
  return window.apps.flatMap(({ app }, index) => {
    const row = said.get(app);
    return row ? [shadowRow(at, row, (site) => scores.get(`${index} ${site}`))] : [];
  });
}

/** p10, p50 and p90 by `<index of the app> <site>`. */
async function scoresOf(
  { blobs, tryModel }: ComputeDeps,
  { applied, model }: At,
  window: FleetWindow,
): Promise<ReadonlyMap<string, Float32Array>> {
  const { config } = applied;
  const contract = model.contract as ModelContract;
  const objective = config.objectives[config.apps[model.key]?.objective ?? ''];
  if (!objective) return new Map();
  const facts = Object.fromEntries(Object.entries(config.sites).map(([site, spec]) => [site, spec.facts]));
  const packed = predictRows(contract.plan, { window, facts, apps: window.apps.map((_, i) => i) });
  if (packed.n === 0) return new Map();
  const raw = await tryModel({ bytes: await blobs.get(model.onnxSha256), rows: packed.rows, contractDigest: model.contractDigest });
  const scores = toScores(objective, contract, raw);
  return new Map(
    Array.from({ length: packed.n }, (_, i) => [
      `${packed.app[i]} ${window.sites.sites[packed.site[i] ?? -1]}`,
      scores.slice(3 * i, 3 * i + 3),
    ]),
  );
}

function shadowRow(at: At, row: PredictionRow, score: (site: string) => Float32Array | undefined): ShadowRow {
  const { model, look } = at;
  const q = Float32Array.from(row.sites.flatMap((site) => [...(score(site) ?? [NaN, NaN, NaN])]));
  const challenger = wouldDo(at, { ...row, q, predictor: model.servedBy, modelKey: model.key, modelVersion: model.version });
  const champion = wouldDo(at, row);
  const p50 = (values: Float32Array): (number | null)[] =>
    row.sites.map((_, i) => (Number.isFinite(values[3 * i + 1]!) ? values[3 * i + 1]! : null));
  return {
    key: model.key,
    version: model.version,
    lookMs: look.lookMs,
    app: row.app,
    said: {
      sites: row.sites,
      challenger: p50(q),
      champion: p50(row.q),
      verdict: challenger.verdict,
      ...(challenger.to !== undefined && { to: challenger.to }),
      championVerdict: champion.verdict,
      ...(champion.to !== undefined && { championTo: champion.to }),
    },
  };
}

/**
 * Both models are judged alike: by the gates, at the time of the look, with nobody's orders, room on every site, and no need to have wanted the move
 * before; so what differs is the models' doing.
 */
function wouldDo({ applied, model, look, evidence }: At, row: PredictionRow): Decision {
  const { config, version } = applied;
  const spec = config.apps[row.app]!;
  const intervalS = config.schedules.look.every ?? 60;
  return decide({
    app: row.app,
    spec,
    policy: { ...config.policies[spec.policy]!, sustained: { looks: 1, of: 1 } },
    objective: config.objectives[spec.objective]!,
    policyVersion: version,
    sites: row.sites.flatMap((site) => (config.sites[site] ? [{ site, spec: config.sites[site] }] : [])),
    lookMs: look.lookMs,
    nowMs: look.decidedMs ?? look.lookMs,
    intervalS,
    recordOnly: false,
    placement: { app: row.app, ...(row.placed !== undefined && { site: row.placed }) },
    refusals: [],
    prediction: row,
    evidence: evidenceFor(evidence, { key: model.key, app: row.app, ...(row.modelVersion !== undefined && { version: row.modelVersion }) }),
    past: [],
    previousMs: look.lookMs - intervalS * 1000,
  });
}
