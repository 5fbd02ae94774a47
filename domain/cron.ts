const FIELDS: readonly { readonly name: string; readonly min: number; readonly max: number; readonly words: readonly string[] }[] = [
  { name: 'minute', min: 0, max: 59, words: [] },
  { name: 'hour', min: 0, max: 23, words: [] },
  { name: 'day of month', min: 1, max: 31, words: [] },
  { name: 'month', min: 1, max: 12, words: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { name: 'day of week', min: 0, max: 7, words: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

/** What is wrong with a cron expression of five fields; undefined = nothing. Ranges, lists, steps and English month and day names. */
export function cronProblem(cron: string): string | undefined {
  const parts = cron.trim().split(/\s+/);
  if (parts.length !== FIELDS.length)
    return `a cron expression has 5 fields (minute hour day month weekday), this one has ${cron.trim() === '' ? 0 : parts.length}`;
  for (const [i, field] of FIELDS.entries()) {
    const wrong = (parts[i] ?? '').split(',').find((item) => !isItem(item.toLowerCase(), field));
    if (wrong !== undefined) return `the ${field.name} of a cron expression cannot be ${JSON.stringify(wrong.slice(0, 40))}`;
  }
  return undefined;
}

function isItem(item: string, field: (typeof FIELDS)[number]): boolean {
  const match = /^(?:\*|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/(\d+))?$/.exec(item);
  if (!match) return false;
  const [, from, to, step] = match;
  if (step !== undefined && !(Number(step) >= 1 && Number(step) <= field.max)) return false;
  if (from === undefined) return true;
  const low = valueOf(from, field);
  const high = to === undefined ? low : valueOf(to, field);
  return low >= field.min && high <= field.max && low <= high;
}

function valueOf(text: string, field: (typeof FIELDS)[number]): number {
  const word = field.words.indexOf(text);
  if (word >= 0) return word + field.min;
  return /^\d+$/.test(text) ? Number(text) : NaN;
}
