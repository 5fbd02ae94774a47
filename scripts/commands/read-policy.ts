import { readFile } from 'node:fs/promises';

import { parse } from 'yaml';

import { type Policy, policySchema } from '../../domain/config.ts';

/** The policy of a file that holds the keys of one `policies` entry of berth.yaml, or what is wrong with it; no file: the defaults. */
export async function readPolicy(file: string | undefined): Promise<{ policy?: Policy; problems: readonly string[] }> {
  if (file === undefined) return { policy: policySchema.parse({}), problems: [] };
  let raw: unknown;
  try {
    raw = parse(await readFile(file, 'utf8'));
  } catch (error) {
    return { problems: [`${file}: ${error instanceof Error ? error.message : String(error)}`] };
  }
  const parsed = policySchema.safeParse(raw ?? {});
  if (parsed.success) return { policy: parsed.data, problems: [] };
  return { problems: parsed.error.issues.map((i) => `${file}: ${i.path.join('.')}: ${i.message}`) };
}
