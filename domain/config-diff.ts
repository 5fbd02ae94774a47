import type { Config } from './config.ts';

export interface ConfigChange {
  /** Such as `apps.web.policy`. */
  readonly path: string;
  /** undefined: the key is new. */
  readonly before?: unknown;
  /** undefined: the key is gone. */
  readonly after?: unknown;
}

/** Every key that differs, in the order of the newer configuration, then what is gone; a list is one value, and what is new or gone is told whole. */
export function diffConfigs(before: Config, after: Config): readonly ConfigChange[] {
  return differences('', before, after);
}

/** One line for each change: `+` new, `-` gone, `~` different. */
export function changeLine({ path, before, after }: ConfigChange): string {
  const text = (value: unknown) => JSON.stringify(value);
  if (before === undefined) return `+ ${path}: ${text(after)}`;
  if (after === undefined) return `- ${path}: ${text(before)}`;
  return `~ ${path}: ${text(before)} -> ${text(after)}`;
}

function differences(path: string, before: unknown, after: unknown): ConfigChange[] {
  if (isBranch(before) && isBranch(after)) {
    const keys = [...new Set([...Object.keys(after), ...Object.keys(before)])];
    return keys.flatMap((key) => differences(path === '' ? key : `${path}.${key}`, before[key], after[key]));
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  return [{ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
}

function isBranch(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
