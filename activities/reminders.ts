import type { ControllerRow, FleetRow, Said } from '../domain/records.ts';

/** What was said longer ago than `everyS` and is still in force, in sentences that change once in that time, so that each is news again. */
export function reminders(
  { fleet, controllers }: { fleet?: FleetRow | undefined; controllers: readonly ControllerRow[] },
  { everyS, nowMs }: { everyS: number; nowMs: number },
): string[] {
  const remind = (what: string, said: Said | undefined): string[] => {
    if (said?.sinceMs === undefined || (said.untilMs !== undefined && said.untilMs <= nowMs)) return [];
    const times = Math.floor((nowMs - said.sinceMs) / (everyS * 1000));
    if (!(times >= 1)) return [];
    const end = said.untilMs === undefined ? 'without an end' : `until ${new Date(said.untilMs).toISOString()}`;
    return [`${what} since ${new Date(said.sinceMs).toISOString()} by ${said.by}, ${end}: ${said.reason} (reminder ${times})`];
  };
  return [
    ...remind('the fleet is paused', fleet?.pause),
    ...remind('the fleet is frozen', fleet?.frozen),
    ...(fleet?.excluded ?? []).flatMap((s) => remind(`site ${s.site} is excluded`, s)),
    ...controllers.flatMap((c) => [
      ...remind(`${c.app} is paused`, c.pause),
      ...remind(`${c.app} is frozen`, c.frozen),
      ...remind(`${c.app} is overridden to ${c.override?.site ?? ''}`, c.override),
      ...c.excluded.flatMap((s) => remind(`${s.site} is excluded for ${c.app}`, s)),
    ]),
  ];
}
