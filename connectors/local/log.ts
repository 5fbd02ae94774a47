/** One JSON line per event: a constant message, the facts as fields. */
export type Log = (message: string, fields?: Readonly<Record<string, unknown>>) => void;

export const logToStderr: Log = (message, fields = {}) => {
  process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), message, ...fields })}\n`);
};
