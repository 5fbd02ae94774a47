/** What must be known of a model before anything of it is loaded; sizes as counts, so that nothing large is ever built. */
export interface ModelParts {
  readonly hasGraph: boolean;
  readonly nodes: readonly NodePart[];
  readonly tensors: readonly TensorPart[];
  readonly inputs: readonly ValuePart[];
  readonly outputs: readonly ValuePart[];
  readonly metadata: ReadonlyMap<string, string>;
  readonly metadataBytes: number;
  readonly functions: number;
  readonly trainingInfo: number;
  readonly sparseTensors: number;
}
export interface NodePart {
  readonly operator: string;
  readonly attributes: readonly AttributePart[];
}
export interface AttributePart {
  readonly name: string;
  /** How many numbers and texts it holds. */
  readonly values: number;
  /** How often the number changes from one to the next, plus one: of `nodes_treeids` the number of trees. */
  readonly runs: number;
  readonly hasSubgraph: boolean;
  readonly tensors: readonly TensorPart[];
}
export interface TensorPart {
  readonly name: string;
  readonly isExternal: boolean;
}
export interface ValuePart {
  readonly elementType: number;
  /** Size of each dimension; 0 = not fixed. */
  readonly dims: readonly number[];
}

/** The walk ends with a RangeError at the first thing beyond these. */
export interface WalkLimits {
  readonly nodes: number;
  readonly tensors: number;
}

const FEW = 100;
const LONG_NAME = 1024;

interface Field {
  readonly id: number;
  /** Of a number: its value. Of bytes: where they begin. */
  readonly at: number;
  /** Of bytes: where they end; of a number -1. */
  readonly to: number;
}

/**
 * Walks over the protobuf of an ONNX file without building it: what is taken is bounded by `limits`, whatever the bytes are.
 * Field numbers are those of onnx.proto (IR 8). Throws RangeError for what is no protobuf, or beyond the limits.
 */
export function walkModel(bytes: Uint8Array, limits: WalkLimits): ModelParts {
  const walk = new Walk(bytes);
  const graphs: Field[] = [];
  const metadata = new Map<string, string>();
  const counts = { metadataBytes: 0, functions: 0, trainingInfo: 0 };
  for (const field of walk.fields(0, bytes.length)) {
    if (field.id === 7) graphs.push(inside(field));
    else if (field.id === 14) {
      const { key, value } = entryOf(walk, inside(field));
      metadata.set(key, value);
      counts.metadataBytes += field.to - field.at;
      if (metadata.size > FEW) throw new RangeError(`more than ${FEW} entries of metadata`);
    } else if (field.id === 20) counts.trainingInfo++;
    else if (field.id === 25) counts.functions++;
  }
  // A parser that merges two would run what no reader of one has seen.
  if (graphs.length > 1) throw new RangeError('it has several graphs');
  return { ...graphOf(walk, graphs[0], limits), ...counts, metadata };
}

function graphOf(
  walk: Walk,
  graph: Field | undefined,
  limits: WalkLimits,
): Pick<ModelParts, 'hasGraph' | 'nodes' | 'tensors' | 'inputs' | 'outputs' | 'sparseTensors'> {
  const nodes: NodePart[] = [];
  const tensors: TensorPart[] = [];
  const inputs: ValuePart[] = [];
  const outputs: ValuePart[] = [];
  let sparseTensors = 0;
  const take = <T>(into: T[], what: string, { value, most }: { value: T; most: number }): void => {
    if (into.push(value) > most) throw new RangeError(`it has more than ${most} ${what}`);
  };
  for (const field of graph ? walk.fields(graph.at, graph.to) : []) {
    if (field.id === 1) take(nodes, 'nodes', { value: nodeOf(walk, inside(field)), most: limits.nodes });
    else if (field.id === 5) take(tensors, 'tensors', { value: tensorOf(walk, inside(field)), most: limits.tensors });
    else if (field.id === 11) take(inputs, 'inputs', { value: valueOf(walk, inside(field)), most: FEW });
    else if (field.id === 12) take(outputs, 'outputs', { value: valueOf(walk, inside(field)), most: FEW });
    else if (field.id === 15) sparseTensors++;
  }
  return { hasGraph: graph !== undefined, nodes, tensors, inputs, outputs, sparseTensors };
}

function nodeOf(walk: Walk, node: Field): NodePart {
  let type = '';
  let domain = '';
  const attributes: AttributePart[] = [];
  for (const field of walk.fields(node.at, node.to)) {
    if (field.id === 4) type = walk.text(field);
    else if (field.id === 7) domain = walk.text(field);
    else if (field.id === 5 && attributes.push(attributeOf(walk, inside(field))) > FEW)
      throw new RangeError(`a node has more than ${FEW} attributes`);
  }
  return { operator: domain === '' || domain === 'ai.onnx' ? type : `${domain}.${type}`, attributes };
}

function attributeOf(walk: Walk, attribute: Field): AttributePart {
  let name = '';
  let hasSubgraph = false;
  const count = { values: 0, runs: 0, last: NaN };
  const tensors: TensorPart[] = [];
  for (const field of walk.fields(attribute.at, attribute.to)) {
    if (field.id === 1) name = walk.text(field);
    else if (field.id === 5 || field.id === 10) tensors.push(tensorOf(walk, inside(field)));
    else if ([6, 11, 15, 22, 23].includes(field.id)) hasSubgraph = true;
    else if (field.id === 8) walk.countVarints(field, count);
    else if (field.id === 7) count.values += field.to < 0 ? 1 : (field.to - field.at) / 4;
    else if (field.id === 9) count.values++;
    if (tensors.length > FEW) throw new RangeError(`an attribute holds more than ${FEW} tensors`);
  }
  return { name, values: count.values, runs: count.runs, hasSubgraph, tensors };
}

function tensorOf(walk: Walk, tensor: Field): TensorPart {
  let name = '';
  let isExternal = false;
  for (const field of walk.fields(tensor.at, tensor.to)) {
    if (field.id === 8) name = walk.text(field);
    else if (field.id === 13 || (field.id === 14 && field.at !== 0)) isExternal = true;
  }
  return { name, isExternal };
}

function valueOf(walk: Walk, value: Field): ValuePart {
  let elementType = 0;
  const dims: number[] = [];
  const tensorTypes = [...walk.messages(value, 2)].flatMap((type) => [...walk.messages(type, 1)]);
  for (const tensorType of tensorTypes) {
    for (const field of walk.fields(tensorType.at, tensorType.to)) if (field.id === 1 && field.to < 0) elementType = field.at;
    for (const shape of walk.messages(tensorType, 2)) for (const dim of walk.messages(shape, 1)) dims.push(sizeOf(walk, dim));
    if (dims.length > FEW) throw new RangeError(`a value has more than ${FEW} dimensions`);
  }
  return { elementType, dims };
}

function sizeOf(walk: Walk, dim: Field): number {
  let size = 0;
  for (const field of walk.fields(dim.at, dim.to)) if (field.id === 1 && field.to < 0) size = field.at;
  return size;
}

function entryOf(walk: Walk, entry: Field): { key: string; value: string } {
  let key = '';
  let value = '';
  for (const field of walk.fields(entry.at, entry.to)) {
    if (field.id === 1) key = walk.text(field);
    else if (field.id === 2) value = walk.text(field, Infinity);
  }
  return { key, value };
}

/** The field as a message: a number in its place is none. */
function inside(field: Field): Field {
  if (field.to < 0) throw new RangeError(`field ${field.id} is a number where a message belongs`);
  return field;
}

class Walk {
  readonly #bytes: Uint8Array;
  #at = 0;
  readonly #decoder = new TextDecoder();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The fields of a message, one by one. Whoever reads within one of them may do so between two. */
  *fields(from: number, to: number): Generator<Field> {
    let next = from;
    while (next < to) {
      this.#at = next;
      const tag = this.#varint(to);
      const id = Math.floor(tag / 8);
      const field = this.#field(id, { wire: tag % 8, to });
      next = this.#at;
      yield field;
    }
  }

  *messages(parent: Field, id: number): Generator<Field> {
    for (const field of this.fields(parent.at, parent.to)) if (field.id === id) yield inside(field);
  }

  text(field: Field, most = LONG_NAME): string {
    if (inside(field).to - field.at > most) throw new RangeError(`a name is longer than ${most} bytes`);
    return this.#decoder.decode(this.#bytes.subarray(field.at, field.to));
  }

  /** One number, or packed ones. */
  countVarints(field: Field, count: { values: number; runs: number; last: number }): void {
    const add = (value: number): void => {
      count.values++;
      if (value !== count.last) count.runs++;
      count.last = value;
    };
    if (field.to < 0) return add(field.at);
    this.#at = field.at;
    while (this.#at < field.to) add(this.#varint(field.to));
  }

  #field(id: number, { wire, to }: { wire: number; to: number }): Field {
    if (wire === 0) return { id, at: this.#varint(to), to: -1 };
    const length = wire === 1 ? 8 : wire === 5 ? 4 : wire === 2 ? this.#varint(to) : NaN;
    if (id < 1 || Number.isNaN(length)) throw new RangeError(`no such field at byte ${this.#at}`);
    const at = this.#at;
    if (at + length > to) throw new RangeError(`it ends in the middle of field ${id} at byte ${at}`);
    this.#at = at + length;
    return wire === 2 ? { id, at, to: at + length } : { id, at: 0, to: -1 };
  }

  #varint(to: number): number {
    let value = 0;
    for (let shift = 1, i = 0; i < 10; i++, shift *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || this.#at > to) throw new RangeError('it ends in the middle of a number');
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
    throw new RangeError(`a number of more than ten bytes before byte ${this.#at}`);
  }
}
