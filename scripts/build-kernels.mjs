import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const FOLDER = fileURLToPath(new URL('../learning/trees/kernels/', import.meta.url));

/**
 * Compiles the kernels of training and returns the bytes.
 * @returns {Promise<Uint8Array>}
 */
export async function compileKernels() {
  const dir = await mkdtemp(join(tmpdir(), 'berth-kernels-'));
  try {
    await writeFile(join(dir, 'kernels.ts'), await readFile(join(FOLDER, 'kernels.as.ts')));
    const options = ['-O3', '--runtime', 'stub', '--noAssert', '--noExportMemory', '--importMemory', '--enable', 'simd,bulk-memory'];
    const { error, stderr } = await asc.main(['kernels.ts', '--baseDir', dir, '--outFile', 'kernels.wasm', ...options]);
    if (error) throw new Error(`the kernels do not compile: ${stderr.toString()}`, { cause: error });
    return new Uint8Array(await readFile(join(dir, 'kernels.wasm')));
  } finally {
    await rm(dir, { recursive: true });
  }
}

/**
 * The source of wasm-bytes.ts.
 * @param {Uint8Array} bytes
 */
export function sourceOf(bytes) {
  return `/** kernels.as.ts, compiled: \`node scripts/build-kernels.mjs\` writes this file. */\nexport const WASM =\n  '${Buffer.from(bytes).toString('base64')}';\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(join(FOLDER, 'wasm-bytes.ts'), sourceOf(await compileKernels()));
