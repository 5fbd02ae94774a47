import { nearestName } from '../../domain/nearest-name.ts';
import type { Want } from './table.ts';

export interface Matched {
  readonly features: readonly string[];
  readonly problems: readonly string[];
}

/** The input columns that a header offers for what is wanted, in the header's order, and what it lacks. */
export function matchColumns(header: readonly string[], want: Want): Matched {
  const roles = new Set([want.time, want.group, want.target].filter((name) => name !== undefined));
  const needed = [
    ...[...roles].map((name) => ({ name, role: roleOf(want, name) })),
    ...(want.splitBy ?? []).map((name) => ({ name, role: 'split.by' })),
  ];
  const free = header.filter((name) => !roles.has(name) && !want.features.except.some((glob) => matches(glob, name)));
  const problems = needed.filter(({ name }) => !header.includes(name)).map(({ name, role }) => lacking(header, name, role));
  if (want.features.columns === 'all') return { features: free, problems };
  const globs = want.features.columns;
  for (const glob of globs) if (!header.some((name) => matches(glob, name))) problems.push(lacking(header, glob, 'features.columns'));
  return { features: free.filter((name) => globs.some((glob) => matches(glob, name))), problems };
}

function roleOf(want: Want, name: string): string {
  if (name === want.time) return 'time';
  return name === want.group ? 'group' : 'target';
}

function lacking(header: readonly string[], name: string, role: string): string {
  const near = nearestName(name, header);
  const shown = header.slice(0, 12).join(', ') + (header.length > 12 ? `, ... (${header.length} columns)` : '');
  return `no column ${JSON.stringify(name)} (${role}); ${near === undefined ? `there are: ${shown}` : `did you mean ${JSON.stringify(near)}?`}`;
}

/** `*` stands for any letters, `?` for one; a column of exactly that name always matches. */
export function matches(glob: string, name: string): boolean {
  if (glob === name) return true;
  if (!/[*?]/.test(glob)) return false;
  const pattern = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${pattern}$`, 's').test(name);
}
