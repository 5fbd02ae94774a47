import type { Decision, Gate, Verdict } from '../domain/decision.ts';
import type { Claim } from '../domain/records.ts';

/** Where what happens is counted, for whoever watches berth itself. Each worker counts what it did; a retry that finds its work done counts nothing. */
export interface Meter {
  /** A look has decided for the whole fleet. */
  decided(look: { readonly lookMs: number; readonly tally: Tally }): void;
  moveEnded(claim: Pick<Claim, 'origin' | 'end'>): void;
}

/** What one look decided, counted as it goes, so that no decision has to be kept. */
export class Tally {
  readonly verdicts = new Map<Verdict, number>();
  /** Every gate that did not pass, also behind the first. */
  readonly refusals = new Map<Gate, number>();
  /** Seconds since the newest sample of each app, and of the site it is on; those that nothing is known of are missing. */
  readonly appAgesS: number[] = [];
  readonly siteAgesS: number[] = [];

  add({ verdict, gates }: Decision): void {
    count(this.verdicts, verdict);
    for (const { gate, pass, numbers } of gates) {
      if (!pass) count(this.refusals, gate);
      if (gate !== 'fresh') continue;
      if (numbers.appAgeS !== undefined) this.appAgesS.push(numbers.appAgeS);
      if (numbers.fromAgeS !== undefined) this.siteAgesS.push(numbers.fromAgeS);
    }
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
