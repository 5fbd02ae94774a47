import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkoutFolder } from '../../scripts/platform/checkout.ts';
import { isRunning, processIdentity } from '../../scripts/platform/lock.ts';
import { countsOf } from '../../scripts/run/test.mjs';

const RUN = join(checkoutFolder(), 'scripts', 'run.mjs');
const part = (name: string): string => pathToFileURL(join(checkoutFolder(), 'scripts', 'run', name)).href;

let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'berth-run-'));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

function start(args: readonly string[]): { child: ChildProcess; line: Promise<string>; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [...args], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const line = new Promise<string>((resolve) => {
    const collect = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
      if (output.includes('\n')) resolve(output.split('\n')[0] ?? '');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
  });
  const ended = new Promise<Ended>((resolve) => child.once('close', (code, signal) => resolve({ code, signal, output })));
  return { child, line, ended };
}

async function gone(who: { pid: number; identity: string }): Promise<void> {
  await expect.poll(() => isRunning(who), { timeout: 20_000, interval: 20 }).toBe(false);
}

const identified = (pid: number): { pid: number; identity: string } => ({ pid, identity: processIdentity(pid) ?? 'ended' });

describe('the one command', () => {
  test('an older Node is told what is needed, before anything else is loaded', async () => {
    const older = `data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'18.20.1'}})`;
    const { code, output } = await start(['--import', older, RUN, 'demo']).ended;
    expect(code).toBe(1);
    expect(output).toMatch(/needs Node 20\.19 or newer; this is 18\.20\.1/);
  });

  test('an unknown command is answered with the known ones', async () => {
    const { code, output } = await start([RUN, 'dmeo']).ended;
    expect(code).toBe(2);
    expect(output).toMatch(/setup \| demo \| start \| test .*there is no "dmeo"/);
  });
});

describe('a script that is run', () => {
  /** A script in `dir`, and the program that runs it as run.mjs does. */
  async function runner(script: string): Promise<string[]> {
    await writeFile(join(dir, 'script.mjs'), script);
    await writeFile(
      join(dir, 'runner.mjs'),
      `import { runScript } from ${JSON.stringify(part('child.mjs'))};\nprocess.exitCode = await runScript('script.mjs', ['x'], ${JSON.stringify(dir)});\n`,
    );
    return [join(dir, 'runner.mjs')];
  }

  const STAYS = `console.log(process.pid); setInterval(() => {}, 1000);`;

  test('gets its arguments and gives its exit code', async () => {
    const { code, output } = await start(await runner(`console.log(process.argv[2]); process.exitCode = 7;`)).ended;
    expect({ code, output }).toEqual({ code: 7, output: 'x\n' });
  });

  test('gets the signal, has its time to stop in order, and nothing is left', async () => {
    const { child, line, ended } = start(
      await runner(`process.on('SIGTERM', () => { console.log('in order'); process.exit(3); }); ${STAYS}`),
    );
    const script = identified(Number(await line));
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 3, output: `${script.pid}\nin order\n` });
    await gone(script);
  });

  test('that dies by a signal makes 128 and its number', async () => {
    const { line, ended } = start(await runner(STAYS));
    process.kill(Number(await line), 'SIGKILL');
    expect((await ended).code).toBe(137);
  });

  test('ends when its runner is killed by kill -9', async () => {
    const { child, line, ended } = start(await runner(STAYS));
    const script = identified(Number(await line));
    child.kill('SIGKILL');
    await ended;
    await gone(script);
  });
});

describe('a guard', () => {
  async function guarded(end: string): Promise<{ child: ChildProcess; who: { pid: number; identity: string }; ended: Promise<Ended> }> {
    await writeFile(
      join(dir, 'owner.mjs'),
      `import { spawn } from 'node:child_process';
import { guard } from ${JSON.stringify(part('guard.mjs'))};
const server = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
const dismiss = guard(server.pid, 'SIGKILL');
server.unref();
console.log(server.pid);
${end}`,
    );
    const { child, line, ended } = start([join(dir, 'owner.mjs')]);
    return { child, who: identified(Number(await line)), ended };
  }

  test('ends the server of an owner that was killed by kill -9', async () => {
    const { child, who, ended } = await guarded('setInterval(() => {}, 1000);');
    expect(isRunning(who)).toBe(true);
    child.kill('SIGKILL');
    await ended;
    await gone(who);
  });

  test('keeps its owner from nothing, and ends the server when the owner just ends', async () => {
    const { who, ended } = await guarded('');
    expect((await ended).code).toBe(0);
    await gone(who);
  });

  test('that was dismissed leaves the server alone', async () => {
    const { who, ended } = await guarded('dismiss();');
    await ended;
    expect(isRunning(who)).toBe(true);
    process.kill(who.pid, 'SIGKILL');
    await gone(who);
  });
});

describe('the count at the end', () => {
  const report = (more: Partial<Parameters<typeof countsOf>[0]> = {}): Parameters<typeof countsOf>[0] => ({
    numPassedTests: 5,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [],
    ...more,
  });

  test('is that of the report', () => {
    expect(countsOf(report({ numPendingTests: 2, numTodoTests: 1 }), 0)).toEqual({ passed: 5, failed: 0, skipped: 3 });
    expect(countsOf(report({ numFailedTests: 2 }), 1)).toEqual({ passed: 5, failed: 2, skipped: 0 });
  });

  test('has one failure for a file that could not be loaded', () => {
    expect(countsOf(report({ testResults: [{ status: 'failed', assertionResults: [] }] }), 1)).toMatchObject({ passed: 5, failed: 1 });
  });

  test('has one failure for a run that failed without naming a test, and for one without a report', () => {
    expect(countsOf(report(), 1)).toMatchObject({ failed: 1 });
    expect(countsOf(undefined, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});
