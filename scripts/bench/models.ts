import { folderBlobs } from '../../connectors/blobs/folder.ts';
import type { Store } from '../../connectors/store/types.ts';
import type { EvidenceRow } from '../../domain/records.ts';
import type { ModelContract } from '../../learning/contract.ts';
import { contractMetadata, digestContract } from '../../learning/onnx/metadata.ts';
import { ModelProto } from '../../learning/onnx/schema.ts';
import { trainCounterfactual, type TrainResult } from '../../learning/train.ts';
import { appName, fleetConfig, stepOf, type FleetShape } from './fleet.ts';
import { syntheticProfile } from './scene.ts';

/** Enough rows for a model with skill, few enough for a training of seconds. */
const ROWS_WANTED = 1200;
const ROWS_PER_VISIT_S = 120;

const trained = new Map<string, TrainResult>();

/** A model really trained on a synthetic profile of all sites, once per step and number of sites. */
export function trainedModel(shape: FleetShape): TrainResult {
  const stepS = stepOf(shape);
  const key = `${stepS}/${shape.sites}`;
  const known = trained.get(key);
  if (known) return known;
  const config = fleetConfig(shape);
  const {
    objectives: { snappy: objective },
    policies: { restless: policy },
  } = config;
  if (!objective || !policy) throw new Error('the configuration of the bench lacks its objective or policy');
  const rounds = Math.max(1, Math.ceil(ROWS_WANTED / ((shape.sites * ROWS_PER_VISIT_S) / stepS)));
  const { frame, visits } = syntheticProfile({ app: appName(0), sites: shape.sites, stepS, rounds });
  const made = trainCounterfactual({
    app: appName(0),
    frames: [frame],
    visits,
    objective,
    facts: {},
    horizonS: policy.horizon,
    seed: 1,
    data: [],
  });
  trained.set(key, made);
  return made;
}

/** Registers the model under `shape.models` keys, as different files with different contracts, each the champion of its key. */
export async function registerModels(
  shape: FleetShape,
  to: { store: Store; blobs: string },
): Promise<{ learner: string; servedBy: string; features: number; onnxBytes: number }> {
  const base = trainedModel(shape);
  const blobs = folderBlobs(to.blobs);
  const nowMs = Date.now();
  for (let i = 0; i < shape.models; i++) {
    const key = appName(i);
    const { onnx, contract } = variantOf(base, i);
    const version = await to.store.addModel({
      key,
      onnxSha256: await blobs.put(onnx),
      contract,
      contractDigest: digestContract(contract),
      servedBy: base.servedBy,
      report: base.report,
      profileId: 'bench',
      createdMs: nowMs,
    });
    await to.store.setAlias({ key, alias: 'champion', version: version.version, by: 'bench', why: 'measured', atMs: nowMs });
    await to.store.saveEvidence(
      base.evidence.map((e): EvidenceRow => ({
        key,
        version: version.version,
        app: key,
        site: e.site,
        samples: e.samples,
        newestMs: nowMs,
        error: e.error,
        coverage: e.coverage,
      })),
    );
  }
  return { learner: base.name, servedBy: base.servedBy, features: base.contract.plan.names.length, onnxBytes: base.onnx.length };
}

/** The same trees under another contract: to a registry, a cache and a runtime it is another model. */
function variantOf({ onnx, contract }: TrainResult, i: number): { onnx: Uint8Array; contract: ModelContract } {
  const own = { ...contract, seed: i };
  const metadata = contractMetadata(own);
  const model = ModelProto.toObject(ModelProto.decode(onnx)) as { metadata_props?: unknown };
  model.metadata_props = Object.entries(metadata).map(([key, value]) => ({ key, value }));
  return { onnx: ModelProto.encode(ModelProto.fromObject(model)).finish(), contract: own };
}
