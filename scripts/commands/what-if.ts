import { hasLostPredictions, newestLook } from '../../activities/recorded-look.ts';
import { whatIf } from '../../domain/replay/what-if.ts';
import { Told, withStore, type Where } from './connect.ts';
import { readPolicy } from './read-policy.ts';
import { outcomeText } from './replay-stored.ts';
import { table } from './status.ts';

export interface WhatIfOptions {
  readonly gone?: string;
  readonly cordoned?: string;
  readonly margin?: string;
  readonly policy?: string;
}

const print = (line: string) => void process.stdout.write(`${line}\n`);

/** Decides the newest look once as things are and once with what is asked for, and prints each app whose decision changes. */
export async function foresee(options: WhatIfOptions, where: Where): Promise<void> {
  const { gone, cordoned } = options;
  const margin = options.margin === undefined ? undefined : Number(options.margin);
  const { policy, problems } = await readPolicy(options.policy);
  const wrong = [...problems];
  if (margin !== undefined && !(margin >= 0 && margin <= 1)) wrong.push(`--margin ${options.margin ?? ''} is not a number between 0 and 1`);
  if (Object.values(options).every((value) => value === undefined)) wrong.push('say what: --gone, --cordoned, --margin or --policy');
  if (wrong.length > 0) throw new Told(wrong.join('\n'), 2);
  await withStore(where, async (store) => {
    const look = await newestLook(store);
    if (!look) throw new Told('there has been no look yet');
    if (hasLostPredictions(look)) throw new Told('the predictions of the newest look are past their retention: wait for the next one');
    const sites = Object.keys(look.config.sites);
    const strange = [gone, cordoned].filter((site) => site !== undefined && !sites.includes(site));
    if (strange.length > 0) throw new Told(`no site is called ${strange.join(', ')}; there are ${sites.join(', ')}`, 2);
    const foreseen = whatIf(look, {
      ...(gone !== undefined && { gone }),
      ...(cordoned !== undefined && { cordoned }),
      ...(margin !== undefined && { margin }),
      ...(options.policy !== undefined && policy && { policy }),
    });
    const changed = foreseen.filter(({ now, then }) => outcomeText(now) !== outcomeText(then));
    print(`look of ${new Date(look.lookMs).toISOString()}: ${changed.length} of ${foreseen.length} apps would be decided differently`);
    if (changed.length > 0)
      print(
        table(
          ['app', 'site', 'as things are', 'then'],
          changed.map(({ app, now, then }) => [app, now.from ?? 'unknown', outcomeText(now), outcomeText(then)]),
        ),
      );
  });
}
