import { z } from 'zod';
import { checkConfig } from './check-config.ts';
import { type Config, configSchema } from './config.ts';
import { parseYaml, type ConfigProblem } from './parse-yaml.ts';

export type { ConfigProblem } from './parse-yaml.ts';

export type ParsedConfig =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Reads berth.yaml. Never throws; lists every problem of a wrong file at once, in the order of its lines. */
export function parseConfig(text: string): ParsedConfig {
  const parsed = parseYaml(text, configSchema, checkConfig);
  return parsed.ok ? { ok: true, config: parsed.value, warnings: parsed.warnings } : parsed;
}

/** JSON schema of what a person may write in berth.yaml, for editors. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(configSchema, { io: 'input' });
}
