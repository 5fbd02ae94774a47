import { z } from 'zod';

import { duration } from '../duration.ts';
import type { PolicyFigures } from './figures.ts';

const price = z.strictObject({
  /** What an hour of one app there costs, in one unit for all sites. */
  costPerHour: z.number().min(0),
  /** What an hour costs there while the app is elsewhere. */
  idlePerHour: z.number().min(0).default(0),
  /** How long a move to it is paid for on both sites. */
  movingIn: duration.default(0),
});

/** By site. */
export const pricesSchema = z.record(z.string(), price);
export type Prices = z.infer<typeof pricesSchema>;

/** What a policy has cost: the hours on each site, those it stood idle, and of each move the time in which both sites were paid. */
export function costOf({ secondsOn, movesBetween }: Pick<PolicyFigures, 'secondsOn' | 'movesBetween'>, prices: Prices): number {
  const total = Object.values(secondsOn).reduce((a, b) => a + b, 0);
  const hours = Object.entries(secondsOn).reduce((sum, [site, on]) => {
    const { costPerHour = NaN, idlePerHour = NaN } = prices[site] ?? {};
    return sum + (on * costPerHour + (total - on) * idlePerHour) / 3600;
  }, 0);
  const sites = Object.keys(secondsOn);
  const paidTwiceS = (to: string) =>
    (prices[to]?.movingIn ?? NaN) * sites.reduce((n, from) => n + (movesBetween[`${from}->${to}`] ?? 0), 0);
  return sites.reduce((sum, to) => sum + (paidTwiceS(to) * (prices[to]?.costPerHour ?? NaN)) / 3600, hours);
}
