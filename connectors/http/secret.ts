import { open } from 'node:fs/promises';
import type { SecretReference } from '../../domain/secret-reference.ts';

/** Longest secret that is read, in bytes. */
const SECRET_MAX = 4096;

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a secret at the moment it is needed, so that a file may be exchanged. Throws an error that says where it looked, never what it found. */
export async function readSecret({ env, file }: SecretReference, environment: Environment): Promise<string> {
  if (env !== undefined) {
    const value = environment[env];
    if (value === undefined || value === '') throw new Error(`the environment variable ${env} of the worker is not set`);
    return value;
  }
  const value = await readShort(file ?? '');
  if (value === '') throw new Error(`the secret file ${file} is empty`);
  return value;
}

async function readShort(file: string): Promise<string> {
  let handle;
  try {
    handle = await open(file, 'r');
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(SECRET_MAX + 1), position: 0 });
    if (bytesRead > SECRET_MAX) throw new Error(`it is longer than ${SECRET_MAX} bytes`);
    // Editors and `echo` end a file with a line break that is no part of the secret.
    return buffer.toString('utf8', 0, bytesRead).replace(/\r?\n$/, '');
  } catch (error) {
    throw new Error(`the secret file ${file} cannot be read: ${error instanceof Error ? error.message : 'unknown'}`, { cause: error });
  } finally {
    await handle?.close();
  }
}
