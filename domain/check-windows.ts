import type { Policy } from './config.ts';
import { isZone } from './windows.ts';
import type { Path } from './yaml-place.ts';

/** What is wrong with a policy's windows, as far as no schema can see it. */
export function windowProblems(windows: Policy['windows']): readonly { readonly path: Path; readonly message: string }[] {
  const problems: { path: Path; message: string }[] = [];
  if (!isZone(windows.zone))
    problems.push({ path: ['zone'], message: `${windows.zone} is not a time zone, such as UTC or Europe/Madrid, that this machine knows` });
  for (const [i, { from, to }] of windows.open.entries()) {
    if (from === to)
      problems.push({ path: ['open', i, 'to'], message: `a window from ${from} to ${to} has no length; a whole day is 00:00 to 24:00` });
    if (from === '24:00') problems.push({ path: ['open', i, 'from'], message: 'a day begins at 00:00' });
  }
  for (const [i, { from, to }] of windows.blackout.entries()) {
    if (to !== undefined && to < from) problems.push({ path: ['blackout', i, 'to'], message: `${to} is before ${from}` });
  }
  return problems;
}
