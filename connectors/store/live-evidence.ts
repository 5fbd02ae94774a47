import type { EvidenceRow } from '../../domain/records.ts';
import { foldOutcome } from '../../learning/adaptive.ts';
import type { Outcome } from '../../learning/adaptive.ts';
import type { Tx } from './connect.ts';

export interface LiveOutcome extends Outcome {
  readonly key: string;
  readonly version: number;
  readonly app: string;
  readonly site: string;
}

/**
 * Folds outcomes into the evidence of the model that had predicted them, in the transaction that writes them, so that each counts once. An app that
 * borrows a model begins with the evidence of the app it was trained on.
 */
export async function learnFromOutcomes(tx: Tx, outcomes: readonly LiveOutcome[]): Promise<void> {
  if (outcomes.length === 0) return;
  const known = await lockedRows(tx, outcomes);
  const changed = new Map<string, EvidenceRow>();
  for (const one of [...outcomes].sort((a, b) => a.targetMs - b.targetMs)) {
    const id = idOf(one);
    const begun = changed.get(id) ?? known.get(id) ?? borrowed(one, known.get(idOf({ ...one, app: one.key })));
    changed.set(id, foldOutcome(begun, one));
  }
  const rows = [...changed.values()];
  const text = (of: (row: EvidenceRow) => string) => rows.map(of);
  const number = (of: (row: EvidenceRow) => number) => rows.map(of);
  await tx`
    insert into evidence (key, version, app, site, samples, newest_ms, error, coverage, live, low, high)
    select * from unnest(${text((r) => r.key)}::text[], ${number((r) => r.version)}::int4[], ${text((r) => r.app)}::text[], ${text((r) => r.site)}::text[],
      ${number((r) => r.samples)}::int4[], ${number((r) => r.newestMs)}::int8[], ${number((r) => r.error)}::float8[], ${number((r) => r.coverage)}::float8[],
      ${number((r) => r.live ?? 0)}::int4[], ${number((r) => r.low ?? 0)}::float8[], ${number((r) => r.high ?? 0)}::float8[])
    on conflict (key, version, app, site) do update
    set samples = excluded.samples, newest_ms = excluded.newest_ms, error = excluded.error, coverage = excluded.coverage,
      live = excluded.live, low = excluded.low, high = excluded.high`;
}

const idOf = ({ key, version, app, site }: Pick<LiveOutcome, 'key' | 'version' | 'app' | 'site'>): string =>
  JSON.stringify([key, version, app, site]);

/** In one order, so that two joins cannot wait for each other. */
async function lockedRows(tx: Tx, outcomes: readonly LiveOutcome[]): Promise<ReadonlyMap<string, EvidenceRow>> {
  const rows = await tx<EvidenceRow[]>`
    select e.key, e.version, e.app, e.site, e.samples, e.newest_ms as "newestMs", e.error, e.coverage, e.live, e.low, e.high
    from evidence e
    where exists (
      select 1 from unnest(${outcomes.map((o) => o.key)}::text[], ${outcomes.map((o) => o.version)}::int4[], ${outcomes.map((o) => o.app)}::text[],
        ${outcomes.map((o) => o.site)}::text[]) w(key, version, app, site)
      where w.key = e.key and w.version = e.version and w.site = e.site and (e.app = w.app or e.app = w.key))
    order by e.key, e.version, e.app, e.site for update of e`;
  return new Map(rows.map((row) => [idOf(row), row]));
}

function borrowed({ key, version, app, site, targetMs }: LiveOutcome, from: EvidenceRow | undefined): EvidenceRow {
  const bare = { key, version, app, site, samples: 0, newestMs: targetMs, error: NaN, coverage: NaN };
  return from ? { ...from, app, live: 0, low: 0, high: 0 } : bare;
}
