export type RefusalKind = 'bad-request' | 'unauthorized' | 'unknown' | 'busy' | 'infeasible' | 'failed' | 'too-large';

/** The local cluster will not or cannot do it; nothing was changed. `busy` may be tried again, the others not. */
export class Refusal extends Error {
  readonly kind: RefusalKind;

  constructor(kind: RefusalKind, message: string) {
    super(message);
    this.name = 'Refusal';
    this.kind = kind;
  }
}
