/** The messages of an error and of what caused it, each once; a stack helps nobody who typed a command. */
export function errorText(error: unknown): string {
  const texts: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { message } = at;
    // Some errors repeat their cause in their own words.
    if (!texts.some((text) => text.includes(message))) texts.push(message);
    if (at instanceof AggregateError) texts.push(...at.errors.map(errorText));
  }
  return texts.join(': ') || String(error);
}
