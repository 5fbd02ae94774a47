import { join } from 'node:path';
import { run } from './child.mjs';
import { npm } from './install.mjs';
import { say } from './say.mjs';

/**
 * @typedef {{ name: string, command: string, args: readonly string[] }} Step
 */

/**
 * Format, lint, types and the lock file. The architecture test is one of the tests.
 * @param {string} root
 * @returns {Promise<number>} the exit code
 */
export async function check(root) {
  const { failed } = await runChecks(root);
  return failed === 0 ? 0 : 1;
}

/**
 * @param {string} root
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runChecks(root) {
  let failed = 0;
  const all = steps(root);
  for (const step of all) if (!(await passes(root, step))) failed++;
  return { passed: all.length - failed, failed };
}

/**
 * @param {string} root
 * @param {Step} step
 */
async function passes(root, { name, command, args }) {
  const from = performance.now();
  const { code, text } = await run(command, args, { cwd: root, output: 'collect' });
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  say(code === 0 ? `check ${name}: ok (${seconds} s)` : `check ${name}: FAILED (${seconds} s)\n${text.trimEnd()}`);
  return code === 0;
}

/**
 * @param {string} root
 * @returns {readonly Step[]}
 */
function steps(root) {
  const tool = (/** @type {string[]} */ ...path) => join(root, 'node_modules', ...path);
  const [npmCommand, npmFirst] = npm();
  return [
    { name: 'format', command: process.execPath, args: [tool('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level', 'warn', '.'] },
    { name: 'lint', command: process.execPath, args: [tool('eslint', 'bin', 'eslint.js'), '--max-warnings', '0', '.'] },
    { name: 'types', command: process.execPath, args: [tool('typescript', 'bin', 'tsc'), '--noEmit', '-p', '.'] },
    {
      name: 'lock file',
      command: npmCommand,
      args: [...npmFirst, 'ci', '--dry-run', '--ignore-scripts', '--offline', '--no-audit', '--loglevel=error'],
    },
  ];
}
