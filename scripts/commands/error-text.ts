/** The messages of an error and of what caused it, each once; a stack helps nobody who typed a command. */
export function errorText(error: unknown): string {
  const texts: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (!texts.includes(at.message)) texts.push(at.message);
    if (at instanceof AggregateError) texts.push(...at.errors.map(errorText));
  }
  return texts.join(': ') || String(error);
}
