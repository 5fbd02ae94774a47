import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { addressProblem } from './address.ts';

/** A name that leads where berth does not go. */
export class LookupRefused extends Error {
  override readonly name = 'LookupRefused';
}

type Found = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/** The system's own look-up, every answer of which must be allowed: a name may lead anywhere, and elsewhere the next time. */
export function guardedLookup(host: string) {
  return (name: string, options: LookupOptions, found: Found): void => {
    systemLookup(name, { ...options, all: true }, (error, addresses) => {
      if (error) return found(error, []);
      const problem = addresses.map(({ address }) => addressProblem(address, host)).find((p) => p !== undefined);
      if (problem !== undefined) return found(new LookupRefused(`the name ${problem}`), []);
      const [first] = addresses;
      if (options.all) return found(null, addresses);
      return found(null, first?.address ?? '', first?.family);
    });
  };
}
