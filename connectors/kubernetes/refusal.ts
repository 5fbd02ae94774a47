/** Kubernetes or berth's own rules say no; nothing was changed. `Busy` may be tried again, the others not: retry policies go by the name. */
export class Refusal extends Error {
  constructor(kind: 'Busy' | 'BadInput' | 'NotPermitted', message: string) {
    super(message);
    this.name = kind;
  }
}
