/** Local time of day, `12:34:56`. */
export const clockOf = (ms: number): string => new Date(ms).toTimeString().slice(0, 8);
