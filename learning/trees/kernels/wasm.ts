import { jsKernels } from './js.ts';
import type { KernelKind, Kernels, KernelShape } from './kernels.ts';
import { WASM } from './wasm-bytes.ts';

interface Memory {
  readonly buffer: ArrayBuffer;
}
/** What is used of WebAssembly, which the types of Node leave to those of browsers. */
declare const WebAssembly:
  | {
      readonly Memory: new (size: { initial: number }) => Memory;
      readonly Module: new (bytes: Uint8Array) => object;
      readonly Instance: new (module: object, imports: { env: { memory: Memory } }) => { readonly exports: object };
    }
  | undefined;

type Add = Kernels['add'];
type Exports = Omit<Kernels, 'buffer' | 'add'> & {
  readonly add64: Add;
  readonly add256: Add;
  readonly addWeighted64: Add;
  readonly addWeighted256: Add;
};

const PAGE = 65_536;
const MOST_PAGES = 65_536;

let compiled: object | undefined;

/** Kernels on a new memory, compiled where there is WebAssembly unless JavaScript is asked for. Throws RangeError beyond 4 GiB. */
export function openKernels(shape: KernelShape, kind: KernelKind): Kernels {
  const pages = Math.ceil(shape.bytes / PAGE);
  if (pages > MOST_PAGES) throw new RangeError(`too much to learn from: ${(shape.bytes / 2 ** 30).toFixed(1)} GiB of bins, 4 at most`);
  if (kind === 'js' || typeof WebAssembly === 'undefined') return jsKernels(shape);
  const memory = new WebAssembly.Memory({ initial: pages });
  compiled ??= new WebAssembly.Module(Buffer.from(WASM, 'base64'));
  const exports = new WebAssembly.Instance(compiled, { env: { memory } }).exports as Exports;
  const add = shape.isWeighted
    ? exports[shape.bins === 64 ? 'addWeighted64' : 'addWeighted256']
    : exports[shape.bins === 64 ? 'add64' : 'add256'];
  return { ...exports, buffer: memory.buffer, add };
}
