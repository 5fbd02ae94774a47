import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '../../..');
const FOLDERS = ['connectors', 'connectors/local', 'domain'];

/** The daemon and its children run as plain JavaScript: compiles them, once per content. Returns the program of the daemon. */
export function builtDaemon(): string {
  const sources = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
  const texts = sources.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')] as const);
  const digest = createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 16);
  const target = join(ROOT, '.berth/test-build', digest);
  if (!existsSync(target)) compile(texts, target);
  return join(target, 'connectors/local/daemon-main.js');
}

function compile(texts: readonly (readonly [string, string])[], target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  const fresh = mkdtempSync(`${target}-`);
  const compilerOptions = {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2023,
    rewriteRelativeImportExtensions: true,
    verbatimModuleSyntax: true,
  };
  for (const [path, text] of texts) {
    const out = join(fresh, path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, ts.transpileModule(text, { compilerOptions, fileName: path }).outputText);
  }
  try {
    renameSync(fresh, target);
  } catch (error) {
    // Another test file was quicker with the same content.
    if (!existsSync(target)) throw error;
    rmSync(fresh, { recursive: true });
  }
}
