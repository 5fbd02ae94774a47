/**
 * Source of the process in which a model is tried: loads the file named first, asks it for one row of the width named second, and prints what it
 * answered as JSON. Plain CommonJS text for the same reason as the session thread's.
 */
export const TRIAL_CHILD = `
'use strict';
const [file, width, runtime] = process.argv.slice(1);
const ort = require(runtime);
const options = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', logSeverityLevel: 4 };
(async () => {
  const session = await ort.InferenceSession.create(file, options);
  const rows = JSON.parse(await text());
  const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', Float32Array.from(rows, (v) => (v === null ? NaN : v)), [rows.length / width, Number(width)]) };
  const output = (await session.run(feeds))[session.outputNames[0]];
  process.stdout.write(JSON.stringify({ values: Array.from(output.data, (v) => (Number.isFinite(v) ? v : null)) }), () => process.exit(0));
})().catch((error) => process.stdout.write(JSON.stringify({ error: String(error && error.message || error).slice(0, 500) }), () => process.exit(0)));
async function text() {
  let all = '';
  for await (const part of process.stdin) all += part;
  return all;
}
`;
