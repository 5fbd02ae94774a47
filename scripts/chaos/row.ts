/** One line of the table: what was done to it, how, and what came of it. */
export interface Row {
  readonly fault: string;
  readonly how: string;
  readonly result: string;
  readonly ok: boolean;
}
