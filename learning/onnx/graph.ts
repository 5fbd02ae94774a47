import { ATTRIBUTE, FLOAT, ModelProto } from './schema.ts';

export type Attribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'floats'; readonly value: ArrayLike<number> }
  | { readonly kind: 'ints'; readonly value: ArrayLike<number> }
  | { readonly kind: 'strings'; readonly value: readonly string[] };

interface NodeOptions {
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** A graph in the making; every name it hands out is unique in it. */
export interface GraphBuilder {
  /** Adds an operator with one output and returns the name of that. */
  node(op: string, inputs: readonly string[], options?: NodeOptions): string;
  /** Adds a constant of float32 and returns its name. */
  constant(values: ArrayLike<number>, dims: readonly number[]): string;
  /** The model's bytes: float32 [N, width] in, `output` [N, 3] out. */
  encode(output: string, metadata: Readonly<Record<string, string>>): Uint8Array;
}

export const INPUT = 'features';
export const OUTPUT = 'quantiles';
export const ML_DOMAIN = 'ai.onnx.ml';
const IR_VERSION = 8;
const OPSETS = [
  { domain: '', version: 17 },
  { domain: ML_DOMAIN, version: 3 },
];

/** Starts a graph whose input `features` has `width` columns. */
export function startGraph(width: number): GraphBuilder {
  const nodes: object[] = [];
  const initializer: object[] = [];
  return {
    node(op, inputs, { domain = '', attributes = {} } = {}) {
      const output = `${op.toLowerCase()}_${nodes.length}`;
      const attribute = Object.entries(attributes).map(([name, a]) => encodeAttribute(name, a));
      nodes.push({ op_type: op, name: output, domain, input: inputs, output: [output], attribute });
      return output;
    },
    constant(values, dims) {
      const name = `constant_${initializer.length}`;
      initializer.push({ name, dims, data_type: FLOAT, raw_data: rawFloats(values) });
      return name;
    },
    encode(output, metadata) {
      nodes.push({ op_type: 'Identity', name: OUTPUT, input: [output], output: [OUTPUT] });
      const graph = { name: 'berth', node: nodes, initializer, input: [valueInfo(INPUT, width)], output: [valueInfo(OUTPUT, 3)] };
      return encodeModel(graph, metadata);
    },
  };
}

function encodeModel(graph: object, metadata: Readonly<Record<string, string>>): Uint8Array {
  const message = {
    ir_version: IR_VERSION,
    producer_name: 'berth',
    opset_import: OPSETS,
    graph,
    metadata_props: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  };
  return Uint8Array.from(ModelProto.encode(ModelProto.fromObject(message)).finish());
}

function encodeAttribute(name: string, attribute: Attribute): object {
  const type = ATTRIBUTE[attribute.kind];
  switch (attribute.kind) {
    case 'int':
      return { name, type, i: attribute.value };
    case 'string':
      return { name, type, s: new TextEncoder().encode(attribute.value) };
    case 'floats':
      return { name, type, floats: Array.from(attribute.value) };
    case 'ints':
      return { name, type, ints: Array.from(attribute.value) };
    case 'strings':
      return { name, type, strings: encodeStrings(attribute.value) };
  }
}

/** Mode names repeat by the thousand: each distinct one is encoded once. */
function encodeStrings(values: readonly string[]): Uint8Array[] {
  const known = new Map<string, Uint8Array>();
  return values.map((value) => {
    const bytes = known.get(value) ?? new TextEncoder().encode(value);
    known.set(value, bytes);
    return bytes;
  });
}

function rawFloats(values: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (let i = 0; i < values.length; i++) view.setFloat32(i * 4, values[i]!, true);
  return new Uint8Array(view.buffer);
}

function valueInfo(name: string, columns: number): object {
  const shape = { dim: [{ dim_param: 'N' }, { dim_value: columns }] };
  return { name, type: { tensor_type: { elem_type: FLOAT, shape } } };
}
