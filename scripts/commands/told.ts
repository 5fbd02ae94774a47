/** An error whose text is all a person needs. */
export class Told extends Error {
  readonly code: number;
  constructor(message: string, code: 1 | 2 = 1) {
    super(message);
    this.code = code;
  }
}
