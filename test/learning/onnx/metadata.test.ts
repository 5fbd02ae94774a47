import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { INPUT, startGraph } from '../../../learning/onnx/graph.ts';
import type { GraphBuilder } from '../../../learning/onnx/graph.ts';
import { contractMetadata, digestContract, MODEL_LIMITS, readModelMetadata } from '../../../learning/onnx/metadata.ts';
import { ModelProto } from '../../../learning/onnx/schema.ts';
import { boosting } from '../../../learning/learners/boosting.ts';
import { finish } from '../../../learning/learners/fitted.ts';
import { bentSet, contractOf } from '../models.ts';

const contract = contractOf(['a', 'b']);

function model(build: (graph: GraphBuilder) => string = add, metadata: Record<string, string> = contractMetadata(contract)): Uint8Array {
  const graph = startGraph(2);
  return graph.encode(build(graph), metadata);
}

function add(graph: GraphBuilder): string {
  return graph.node('MatMul', [INPUT, graph.constant([1, 2, 3, 4, 5, 6], [2, 3])]);
}

/** The same model with something changed in its message. */
function changed(change: (message: { graph: Record<string, unknown[]> } & Record<string, unknown>) => void): Uint8Array {
  const message = ModelProto.toObject(ModelProto.decode(model()), { longs: Number });
  change(message as never);
  return ModelProto.encode(ModelProto.fromObject(message)).finish();
}

test('a model says what it was promised, before anything of it runs', () => {
  expect(readModelMetadata(model())).toEqual({ contract, contractDigest: digestContract(contract), width: 2 });
});

test('the digest does not depend on the order of keys, and changes with every value', () => {
  const turned = Object.fromEntries(Object.entries(contract).reverse()) as unknown as typeof contract;
  expect(digestContract(turned)).toBe(digestContract(contract));
  expect(digestContract({ ...contract, horizonS: 5 })).not.toBe(digestContract(contract));
});

describe('refused by name and with the reason is a model', () => {
  const refusals: [string, () => Uint8Array, RegExp][] = [
    ['that is no ONNX', () => new TextEncoder().encode('<html>'), /it is not ONNX that berth takes|it has no graph/],
    ['that is empty', () => new Uint8Array(0), /it has no graph/],
    ['with an operator that is not allowed', () => model((g) => g.node('Loop', [INPUT])), /operator Loop is not allowed/],
    [
      'with an operator of another domain',
      () => model((g) => g.node('Add', [INPUT], { domain: 'com.evil' })),
      /operator com\.evil\.Add is not allowed/,
    ],
    [
      'whose weights lie in another file',
      () =>
        changed((m) =>
          Object.assign(m.graph['initializer']![0]!, { data_location: 1, external_data: [{ key: 'location', value: '/etc/passwd' }] }),
        ),
      /has its data outside of the file/,
    ],
    ['with functions of its own', () => changed((m) => Object.assign(m, { functions: [{}] })), /it defines functions/],
    [
      'with a subgraph',
      () => changed((m) => Object.assign(m.graph['node']![0]!, { attribute: [{ name: 'body', g: {} }] })),
      /holds a subgraph/,
    ],
    ['with two inputs', () => changed((m) => m.graph['input']!.push({ name: 'more' })), /one input and one output/],
    ['without a contract', () => model(add, {}), /no berth\.contract in its metadata/],
    [
      'whose contract was changed',
      () => model(add, { ...contractMetadata(contract), 'berth.contract': JSON.stringify({ ...contract, horizonS: 9 }) }),
      /its contract has the digest [0-9a-f]{64}, its metadata says [0-9a-f]{64}/,
    ],
    [
      'whose contract is of another width',
      () => model(add, contractMetadata(contractOf(['a']))),
      /its contract names 1 features, its input has 2/,
    ],
    ['whose contract is not JSON', () => model(add, { 'berth.contract': '{' }), /its contract is not JSON/],
  ];
  test.each(refusals)('%s', (_, build, why) => {
    expect(() => readModelMetadata(build())).toThrow(
      expect.objectContaining({ name: 'ModelRefused', message: expect.stringMatching(why) }),
    );
  });

  test('that is larger than its limits in any way', () => {
    for (const [limit, why] of [
      ['bytes', /bytes, at most 1/],
      ['nodes', /more than 1 nodes/],
      ['metadataBytes', /bytes of metadata, at most 1/],
    ] as const) {
      expect(() => readModelMetadata(model(), { ...MODEL_LIMITS, [limit]: 1 })).toThrow(why);
    }
  });
});

test('whatever the bytes, the reader answers or refuses by name', () => {
  const good = model();
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }), (edits) => {
      const bytes = good.slice();
      for (const [at, value] of edits) bytes[at] = value;
      try {
        readModelMetadata(bytes);
      } catch (error) {
        expect(error).toMatchObject({ name: 'ModelRefused' });
      }
    }),
    { numRuns: 500 },
  );
});

test('every truncation and every flipped byte of a tree ensemble is answered or refused by name', () => {
  const trees = boosting().fit(bentSet(200, 1), { seed: 1, isOver: () => false });
  const set = bentSet(1, 1);
  const good = finish(trees, { width: set.names.length, scale: 'log', offsets: [-1, 0, 1] }).toOnnx(
    contractMetadata(contractOf(set.names)),
  );
  const judge = (bytes: Uint8Array): void => {
    try {
      readModelMetadata(bytes);
    } catch (error) {
      expect(error).toMatchObject({ name: 'ModelRefused' });
    }
  };
  const stride = Math.ceil(good.length / 700);
  for (let at = 0; at < good.length; at += stride) {
    judge(good.subarray(0, at));
    judge(good.map((byte, i) => (i === at ? byte ^ 255 : byte)));
  }
});

describe('what a file could make of little', () => {
  const varint = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...varint(Math.floor(n / 128))]);
  const field = (id: number, body: ArrayLike<number>): Uint8Array => {
    const head = [...varint(id * 8 + 2), ...varint(body.length)];
    const bytes = new Uint8Array(head.length + body.length);
    bytes.set(head);
    bytes.set(body, head.length);
    return bytes;
  };
  const text = (id: number, value: string): Uint8Array => field(id, new TextEncoder().encode(value));
  const join = (...parts: Uint8Array[]): Uint8Array => {
    const whole = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
    parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
    return whole;
  };

  test('thirty million numbers in an attribute are counted, not built', () => {
    const ensemble = join(text(4, 'TreeEnsembleRegressor'), text(7, 'ai.onnx.ml'));
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    const numbers = field(8, new Uint8Array(30_000_000));
    const attribute = field(5, numbers);
    const node = field(1, ensemble);
    const whole = field(7, join(node, field(1, join(ensemble, attribute))));
    const held = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed - before;
    expect(() => readModelMetadata(whole)).toThrow(/30000000 values in ai\.onnx\.ml\.TreeEnsembleRegressor\., at most 2000000/);
    const after = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed - before;
    expect(after - held).toBeLessThan(50_000_000);
  });

  test('trees are counted by where their number changes', () => {
    const ids = field(8, [0, 0, 1, 1, 1, 2]);
    const attribute = field(5, join(text(1, 'nodes_treeids'), ids));
    const graph = field(7, field(1, join(text(4, 'TreeEnsembleRegressor'), text(7, 'ai.onnx.ml'), attribute)));
    expect(() => readModelMetadata(graph, { ...MODEL_LIMITS, trees: 2 })).toThrow(/3 trees, at most 2/);
  });

  test('a second graph, which another parser would merge, is refused', () => {
    expect(() => readModelMetadata(join(model(), field(7, [])))).toThrow(/it has several graphs/);
  });
});
