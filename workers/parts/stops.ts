/** What was started, to be stopped newest first. Whoever starts a thing registers its stop at that moment. */
export class Stops {
  readonly #stops: { name: string; stop: () => Promise<void> | void }[] = [];

  add(name: string, stop: () => Promise<void> | void): void {
    this.#stops.push({ name, stop });
  }

  /** Stops everything, goes on past what fails, and throws what failed at the end. */
  async run(): Promise<void> {
    const errors: unknown[] = [];
    for (const { name, stop } of this.#stops.splice(0).reverse()) {
      try {
        await stop();
      } catch (error) {
        errors.push(new Error(`${name} could not be stopped`, { cause: error }));
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'not everything could be stopped');
  }
}
