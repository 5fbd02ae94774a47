import { modelRefused, readModelMetadata } from '../../learning/onnx/metadata.ts';
import { randomFrom } from '../../learning/random.ts';
import type { Blobs, Inference } from '../ports.ts';
import { openThread } from './session-thread.ts';
import type { SessionThread } from './session-thread.ts';

export interface InferenceOptions {
  readonly blobs: Blobs;
  /** Threads with a runtime each; 1 uses one core. */
  readonly threads: number;
  /** Bound on the estimated memory of all loaded models. */
  readonly cacheBytes: number;
}

interface Loaded {
  readonly width: number;
  readonly contractDigest: string;
  readonly cost: number;
}
/** What was read of models by their digest, so that one that comes back is not taken apart again. */
type Read = Map<string, Pick<Loaded, 'width' | 'contractDigest'>>;

/** So many models are remembered; each takes some 300 bytes. */
const READ_MAX = 20_000;

/** A thread and what is loaded in it. One request at a time, so that no model is evicted between its load and its run. */
interface Lane {
  readonly thread: SessionThread;
  readonly models: Map<string, Loaded>;
  readonly random: () => number;
  busy: Promise<unknown>;
}

/** Rows that one thread takes at a time: enough to make a call worth it, few enough that lanes share a large batch. */
const CHUNK = 16_384;
/** Measured: a session of 464 kB of trees takes 2.5 MB, one of 28 kB takes 0.7 MB. */
const costOf = (bytes: number): number => 600_000 + 5 * bytes;

/** Runs models in threads. A model is tied to one lane by its digest, unless the batch is worth sharing. Errors named `ModelRefused` are final. */
export function openInference({ blobs, threads, cacheBytes }: InferenceOptions): Inference {
  const lanes = Array.from({ length: Math.max(1, threads) }, (_, i) => openLane(i));
  const budget = cacheBytes / lanes.length;
  const read: Read = new Map();

  async function runChunk(lane: Lane, model: Parameters<Inference['predict']>[0], rows: Float32Array, n: number): Promise<Float32Array> {
    const { width, contractDigest } = await use(lane, { blobs, sha256: model.sha256, budget, read });
    if (contractDigest !== model.contractDigest)
      throw modelRefused(`the registry expects contract ${model.contractDigest}, the model file ${model.sha256} carries ${contractDigest}`);
    if (rows.length !== n * width) throw new RangeError(`rows: ${rows.length} values are not ${n} rows of ${width} features`);
    const answer = await lane.thread.call({ verb: 'run', key: model.sha256, rows, n, width });
    if (!answer) throw new Error(`model ${model.sha256} gave no answer`);
    return answer;
  }

  return {
    async predict(model, rows, n) {
      if (n === 0) return new Float32Array(0);
      const width = rows.length / n;
      const first = Number.parseInt(model.sha256.slice(0, 8), 16) % lanes.length || 0;
      const starts = Array.from({ length: Math.ceil(n / CHUNK) }, (_, c) => c * CHUNK);
      const parts = await Promise.all(
        starts.map((from, c) => {
          const lane = lanes[(first + c) % lanes.length]!;
          const to = Math.min(n, from + CHUNK);
          return inTurn(lane, () => runChunk(lane, model, rows.slice(from * width, to * width), to - from));
        }),
      );
      const out = new Float32Array(n * 3);
      parts.forEach((part, c) => out.set(part, c * CHUNK * 3));
      return out;
    },
    async close() {
      await Promise.all(lanes.map((lane) => lane.thread.close()));
    },
  };
}

function openLane(seed: number): Lane {
  const models = new Map<string, Loaded>();
  return { thread: openThread(() => models.clear()), models, random: randomFrom(seed), busy: Promise.resolve() };
}

function inTurn<T>(lane: Lane, work: () => Promise<T>): Promise<T> {
  const turn = lane.busy.then(work);
  // Only the order is carried on; the error belongs to whoever asked.
  lane.busy = turn.catch(() => undefined);
  return turn;
}

interface Use {
  readonly blobs: Blobs;
  readonly sha256: string;
  readonly budget: number;
  readonly read: Read;
}

async function use(lane: Lane, request: Use): Promise<Loaded> {
  const known = lane.models.get(request.sha256);
  if (known) return known;
  const model = await load(lane, request);
  lane.models.set(request.sha256, model);
  return model;
}

async function load(lane: Lane, { blobs, sha256, budget, read }: Use): Promise<Loaded> {
  const bytes = await blobs.get(sha256);
  const { width, contractDigest } = read.get(sha256) ?? readModelMetadata(bytes);
  read.set(sha256, { width, contractDigest });
  if (read.size > READ_MAX) read.delete(read.keys().next().value ?? '');
  const cost = costOf(bytes.length);
  if (cost > budget) throw modelRefused(`model ${sha256} needs about ${cost} bytes of memory, a thread has ${Math.floor(budget)}`);
  await makeRoom(lane, budget - cost);
  try {
    await lane.thread.call({ verb: 'load', key: sha256, bytes });
  } catch (error) {
    throw modelRefused(`model ${sha256} does not load: ${error instanceof Error ? error.message : String(error)}`);
  }
  return { width, contractDigest, cost };
}

/** At random: a look asks for every model in turn, and with the least recently used evicted, a few more than fit would all miss every time. */
async function makeRoom(lane: Lane, room: number): Promise<void> {
  const keys = [...lane.models.keys()];
  let used = [...lane.models.values()].reduce((sum, model) => sum + model.cost, 0);
  while (used > room && keys.length > 0) {
    const [key = ''] = keys.splice(Math.floor(lane.random() * keys.length), 1);
    used -= lane.models.get(key)?.cost ?? 0;
    lane.models.delete(key);
    await lane.thread.call({ verb: 'drop', key });
  }
}
