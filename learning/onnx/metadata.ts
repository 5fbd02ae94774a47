import { createHash } from 'node:crypto';
import type { ModelContract } from '../contract.ts';
import { FLOAT, ModelProto } from './schema.ts';

/** How large a model may be before it is refused unread or unserved. */
export interface ModelLimits {
  readonly bytes: number;
  readonly nodes: number;
  readonly tensors: number;
  /** Nodes of all trees of one ensemble. */
  readonly treeNodes: number;
  readonly metadataBytes: number;
}

export const MODEL_LIMITS: ModelLimits = { bytes: 64 << 20, nodes: 500, tensors: 500, treeNodes: 2_000_000, metadataBytes: 1 << 20 };

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

interface Tensor {
  readonly name: string;
  readonly data_location: number;
  readonly external_data: readonly unknown[];
}
interface Attribute {
  readonly name: string;
  readonly g: unknown;
  readonly graphs: readonly unknown[];
  readonly ints: readonly unknown[];
  readonly t: Tensor | null;
  readonly tensors: readonly Tensor[];
}
interface Node {
  readonly op_type: string;
  readonly domain: string;
  readonly attribute: readonly Attribute[];
}
interface Value {
  readonly name: string;
  readonly type: { tensor_type: { elem_type: number; shape: { dim: { dim_value: number }[] } | null } | null } | null;
}
interface Model {
  readonly graph: { node: Node[]; initializer: Tensor[]; sparse_initializer: unknown[]; input: Value[]; output: Value[] } | null;
  readonly metadata_props: readonly { key: string; value: string }[];
  readonly training_info: readonly unknown[];
  readonly functions: readonly unknown[];
}

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

/** Reads a model's contract without running anything of it. Throws `ModelRefused` for whatever is not a plain berth model within the limits. */
export function readModelMetadata(bytes: Uint8Array, limits: ModelLimits = MODEL_LIMITS): ModelMetadata {
  if (bytes.length > limits.bytes) throw modelRefused(`it has ${bytes.length} bytes, at most ${limits.bytes} are allowed`);
  const model = decode(bytes);
  const graph = model.graph;
  if (!graph || graph.node.length === 0) throw modelRefused('it has no graph');
  refuseSize(model, graph, limits);
  refuseContent(model, graph);
  const width = graph.input[0]?.type?.tensor_type?.shape?.dim[1]?.dim_value ?? 0;
  refuseShape(graph, width);
  return { ...readContract(model, width, limits), width };
}

function decode(bytes: Uint8Array): Model {
  try {
    return ModelProto.toObject(ModelProto.decode(bytes), { longs: Number, defaults: true, arrays: true }) as Model;
  } catch (error) {
    throw modelRefused(`it is not ONNX: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function refuseSize(model: Model, graph: NonNullable<Model['graph']>, limits: ModelLimits): void {
  const over = (what: string, is: number, allowed: number): void => {
    if (is > allowed) throw modelRefused(`it has ${is} ${what}, at most ${allowed} are allowed`);
  };
  over('nodes', graph.node.length, limits.nodes);
  over('tensors', graph.initializer.length, limits.tensors);
  over(
    'bytes of metadata',
    model.metadata_props.reduce((sum, p) => sum + p.key.length + p.value.length, 0),
    limits.metadataBytes,
  );
  for (const node of graph.node)
    for (const a of node.attribute) over(`values in ${node.op_type}.${a.name}`, a.ints.length, limits.treeNodes);
}

function refuseContent(model: Model, graph: NonNullable<Model['graph']>): void {
  if (model.functions.length > 0) throw modelRefused('it defines functions');
  if (model.training_info.length > 0) throw modelRefused('it carries training information');
  if (graph.sparse_initializer.length > 0) throw modelRefused('it holds sparse tensors');
  for (const node of graph.node) {
    const op = node.domain === '' || node.domain === 'ai.onnx' ? node.op_type : `${node.domain}.${node.op_type}`;
    if (!OPERATORS.has(op)) throw modelRefused(`operator ${op} is not allowed`);
    for (const a of node.attribute) {
      if (a.g || a.graphs.length > 0) throw modelRefused(`operator ${op} holds a subgraph`);
      for (const tensor of [...(a.t ? [a.t] : []), ...a.tensors]) refuseExternal(tensor);
    }
  }
  graph.initializer.forEach(refuseExternal);
}

function refuseExternal(tensor: Tensor): void {
  if (tensor.data_location !== 0 || tensor.external_data.length > 0)
    throw modelRefused(`tensor ${tensor.name} has its data outside of the file`);
}

function refuseShape(graph: NonNullable<Model['graph']>, width: number): void {
  const [output] = graph.output;
  if (graph.input.length !== 1 || graph.output.length !== 1) throw modelRefused('it must have one input and one output');
  if (graph.input[0]!.type?.tensor_type?.elem_type !== FLOAT || width < 1) throw modelRefused('its input is not float32 [N, features]');
  if (output!.type?.tensor_type?.elem_type !== FLOAT || output!.type.tensor_type.shape?.dim[1]?.dim_value !== 3)
    throw modelRefused('its output is not float32 [N, 3]');
}

function readContract(model: Model, width: number, limits: ModelLimits): { contract: ModelContract; contractDigest: string } {
  const props = new Map(model.metadata_props.map((p) => [p.key, p.value]));
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
