import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runChecks } from './check.mjs';
import { run } from './child.mjs';
import { say } from './say.mjs';

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 */

/**
 * Every test, then every check, each check counted as one test; with arguments only the tests they select.
 * The last line is `N passed, N failed`, with `, N skipped` when some were.
 * @param {string} root
 * @param {readonly string[]} args for vitest
 * @returns {Promise<number>} the exit code: 0 only if something passed and nothing failed
 */
export async function test(root, args) {
  const tests = await runTests(root, args);
  const checks = args.length === 0 ? await runChecks(root) : { passed: 0, failed: 0 };
  if (args.length > 0) say('only the selected tests ran; `npm test` without arguments also checks format, lint, types and the lock file');
  const passed = tests.passed + checks.passed;
  const failed = tests.failed + checks.failed;
  process.stdout.write(`${passed} passed, ${failed} failed${tests.skipped > 0 ? `, ${tests.skipped} skipped` : ''}\n`);
  return failed === 0 && tests.passed > 0 ? 0 : 1;
}

/**
 * @param {string} root
 * @param {readonly string[]} args
 * @returns {Promise<Counts>}
 */
async function runTests(root, args) {
  const file = join(root, '.berth', `test-results.${process.pid}.json`);
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  try {
    const { code } = await run(
      process.execPath,
      [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...args],
      {
        cwd: root,
      },
    );
    return countsOf(existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : undefined, code);
  } finally {
    await rm(file, { force: true });
  }
}

/**
 * A file that could not be loaded counts as one failure, and so does a run that fails without naming a test.
 * @param {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number,
 *   testResults: { status: string, assertionResults: unknown[] }[] } | undefined} report vitest's JSON; undefined = it wrote none
 * @param {number} code vitest's exit code
 * @returns {Counts}
 */
export function countsOf(report, code) {
  if (!report) return { passed: 0, failed: 1, skipped: 0 };
  const unloaded = report.testResults.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0).length;
  const named = report.numFailedTests + unloaded;
  return {
    passed: report.numPassedTests,
    failed: named === 0 && code !== 0 ? 1 : named,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}
