/**
 * Source of the thread that holds onnxruntime sessions. Plain CommonJS text, because the same text must start from compiled code and from
 * sources under a test runner, where a thread cannot load TypeScript. `workerData.runtime` is the resolved path of onnxruntime-node.
 */
export const SESSION_WORKER = `
'use strict';
const { parentPort, workerData } = require('node:worker_threads');
const ort = require(workerData.runtime);
const sessions = new Map();
const options = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', logSeverityLevel: 4 };
const verbs = {
  async load({ key, bytes }) {
    sessions.set(key, await ort.InferenceSession.create(bytes, options));
  },
  async drop({ key }) {
    const session = sessions.get(key);
    sessions.delete(key);
    if (session) await session.release();
  },
  async run({ key, rows, n, width }) {
    const session = sessions.get(key);
    if (!session) throw new Error('no session ' + key);
    const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', rows, [n, width]) };
    const quantiles = (await session.run(feeds))[session.outputNames[0]];
    if (!quantiles || quantiles.data.length !== n * 3) throw new Error('the model gave ' + (quantiles ? quantiles.data.length : 'no') + ' values for ' + n + ' rows');
    return Float32Array.from(quantiles.data);
  },
};
let last = Promise.resolve();
parentPort.on('message', (message) => {
  // One after the other: an eviction must not overtake the run before it.
  last = last.then(() => verbs[message.verb](message)).then(
    (value) => parentPort.postMessage({ id: message.id, value }, value ? [value.buffer] : []),
    (error) => parentPort.postMessage({ id: message.id, error: String(error && error.message || error) }),
  );
});
`;
