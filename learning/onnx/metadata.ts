import { createHash } from 'node:crypto';
import type { ModelContract } from '../contract.ts';
import { FLOAT } from './schema.ts';
import { walkModel } from './walk.ts';
import type { ModelParts, TensorPart, ValuePart } from './walk.ts';

/** How large a model may be before it is refused unread or unserved. */
export interface ModelLimits {
  readonly bytes: number;
  readonly nodes: number;
  readonly tensors: number;
  /** Nodes of all trees of one ensemble, or the numbers of any other attribute. */
  readonly treeNodes: number;
  /** Trees of one ensemble. */
  readonly trees: number;
  readonly metadataBytes: number;
}

export const MODEL_LIMITS: ModelLimits = {
  bytes: 64 << 20,
  nodes: 500,
  tensors: 500,
  treeNodes: 2_000_000,
  trees: 20_000,
  metadataBytes: 1 << 20,
};

export interface ModelMetadata {
  readonly contract: ModelContract;
  readonly contractDigest: string;
  /** Columns of the input. */
  readonly width: number;
}

/** Everything a prediction needs and nothing that reads files, loops or branches. */
const OPERATORS = new Set([
  'Add',
  'Cast',
  'Clip',
  'Concat',
  'Div',
  'Exp',
  'Gather',
  'Gemm',
  'Identity',
  'IsNaN',
  'Less',
  'LessOrEqual',
  'Log',
  'MatMul',
  'Max',
  'Min',
  'Mul',
  'Neg',
  'ReduceMax',
  'ReduceMean',
  'ReduceMin',
  'ReduceSum',
  'Relu',
  'Reshape',
  'Sigmoid',
  'Slice',
  'Sub',
  'Tanh',
  'Where',
  'ai.onnx.ml.TreeEnsembleRegressor',
]);

export const CONTRACT_KEY = 'berth.contract';
export const DIGEST_KEY = 'berth.contract_digest';

/** Digest of a contract, whatever order its keys were written in. */
export function digestContract(contract: object): string {
  return createHash('sha256').update(stableJson(contract)).digest('hex');
}

export function contractMetadata(contract: object): Record<string, string> {
  return { [CONTRACT_KEY]: JSON.stringify(contract), [DIGEST_KEY]: digestContract(contract) };
}

/** The error by which a model is turned away; `name` is `ModelRefused`. */
export function modelRefused(why: string): Error {
  return Object.assign(new Error(`model refused: ${why}`), { name: 'ModelRefused' });
}

/** Reads a model's contract without running or building anything of it. Throws `ModelRefused` for whatever is not a plain berth model within the limits. */
export function readModelMetadata(bytes: Uint8Array, limits: ModelLimits = MODEL_LIMITS): ModelMetadata {
  if (bytes.length > limits.bytes) throw modelRefused(`it has ${bytes.length} bytes, at most ${limits.bytes} are allowed`);
  const model = walk(bytes, limits);
  if (!model.hasGraph || model.nodes.length === 0) throw modelRefused('it has no graph');
  refuseSize(model, limits);
  refuseContent(model);
  const width = model.inputs[0]?.dims[1] ?? 0;
  refuseShape(model, width);
  return { ...readContract(model, width, limits), width };
}

function walk(bytes: Uint8Array, limits: ModelLimits): ModelParts {
  try {
    return walkModel(bytes, limits);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw modelRefused(`it is not ONNX that berth takes: ${error.message}`);
  }
}

function refuseSize(model: ModelParts, limits: ModelLimits): void {
  const over = (what: string, is: number, allowed: number): void => {
    if (is > allowed) throw modelRefused(`it has ${is} ${what}, at most ${allowed} are allowed`);
  };
  over('bytes of metadata', model.metadataBytes, limits.metadataBytes);
  for (const node of model.nodes) {
    for (const a of node.attributes) {
      over(`values in ${node.operator}.${a.name}`, a.values, limits.treeNodes);
      if (a.name === 'nodes_treeids') over('trees', a.runs, limits.trees);
    }
  }
}

function refuseContent(model: ModelParts): void {
  if (model.functions > 0) throw modelRefused('it defines functions');
  if (model.trainingInfo > 0) throw modelRefused('it carries training information');
  if (model.sparseTensors > 0) throw modelRefused('it holds sparse tensors');
  for (const { operator, attributes } of model.nodes) {
    if (!OPERATORS.has(operator)) throw modelRefused(`operator ${operator} is not allowed`);
    for (const a of attributes) {
      if (a.hasSubgraph) throw modelRefused(`operator ${operator} holds a subgraph`);
      a.tensors.forEach(refuseExternal);
    }
  }
  model.tensors.forEach(refuseExternal);
}

function refuseExternal({ name, isExternal }: TensorPart): void {
  if (isExternal) throw modelRefused(`tensor ${name} has its data outside of the file`);
}

function refuseShape({ inputs, outputs }: ModelParts, width: number): void {
  if (inputs.length !== 1 || outputs.length !== 1) throw modelRefused('it must have one input and one output');
  const isFloats = (value: ValuePart | undefined): boolean => value?.elementType === FLOAT && value.dims.length === 2;
  if (!isFloats(inputs[0]) || width < 1) throw modelRefused('its input is not float32 [N, features]');
  if (!isFloats(outputs[0]) || outputs[0]?.dims[1] !== 3) throw modelRefused('its output is not float32 [N, 3]');
}

function readContract(model: ModelParts, width: number, limits: ModelLimits): { contract: ModelContract; contractDigest: string } {
  const props = model.metadata;
  const text = props.get(CONTRACT_KEY);
  if (text === undefined) throw modelRefused(`it has no ${CONTRACT_KEY} in its metadata (limit ${limits.metadataBytes} bytes)`);
  const contract = parseContract(text);
  const contractDigest = digestContract(contract);
  if (props.get(DIGEST_KEY) !== contractDigest)
    throw modelRefused(`its contract has the digest ${contractDigest}, its metadata says ${props.get(DIGEST_KEY) ?? 'nothing'}`);
  if (contract.plan.names.length !== width)
    throw modelRefused(`its contract names ${contract.plan.names.length} features, its input has ${width}`);
  return { contract, contractDigest };
}

function parseContract(text: string): ModelContract {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw modelRefused('its contract is not JSON');
  }
  if (!isContract(parsed)) throw modelRefused('its contract lacks schema 1, a plan or the names of its features');
  return parsed;
}

function isContract(value: unknown): value is ModelContract {
  if (typeof value !== 'object' || value === null || !('schema' in value) || value.schema !== 1 || !('plan' in value)) return false;
  const { plan } = value;
  return (
    typeof plan === 'object' &&
    plan !== null &&
    'names' in plan &&
    Array.isArray(plan.names) &&
    plan.names.every((name) => typeof name === 'string')
  );
}

function stableJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, v]) => v !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${stableJson(v)}`).join(',')}}`;
}
