/**
 * Progress goes to stderr, so that what a command prints to stdout stays its own.
 * @param {string} line
 */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Says what is done and how long it took; nothing is said twice.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function timed(what, work) {
  const from = performance.now();
  say(`${what} ...`);
  const result = await work();
  say(`${what}: done in ${((performance.now() - from) / 1000).toFixed(1)} s`);
  return result;
}
