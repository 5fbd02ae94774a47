import { REASON_CODE, VERDICT_CODE, ofCode } from '../../domain/decision-codes.ts';
import { packDecision, unpackDecision } from '../../domain/decision-record.ts';
import type { Decision, Proposal, Verdict } from '../../domain/decision.ts';
import { proposalNotice, staleNotice } from '../../domain/notice.ts';
import type { Store } from './types.ts';
import type { Configs } from './config.ts';
import type { Sql, Tx } from './connect.ts';
import { CopyRows, copyRows } from './copy-rows.ts';
import { lookAt, lookTimesBefore } from './looks.ts';
import { idOf } from './names.ts';
import type { Names } from './names.ts';
import { insertNotices } from './notices.ts';
import { partitionsFor } from './partitions.ts';
import { selectDecisions } from './select-decisions.ts';

const COLUMNS =
  'look_ms, app, verdict, reason, from_site, to_site, gain, horizon_s, predictor, model_version, policy_version, wanted, packed';

type DecisionMethods = Pick<Store, 'writeDecisions' | 'pastDecisions' | 'decisions'>;

export function createDecisions({ sql, names, configs }: { sql: Sql; names: Names; configs: Configs }): DecisionMethods {
  return {
    async writeDecisions(lookMs, decisions, proposals, decided) {
      const before = await lookAt(sql, lookMs);
      if (before.decidedMs !== undefined) return { counts: { ...before.counts }, again: true };
      const { rows, counts, ids } = await packAll(names, lookMs, decisions);
      const stray = proposals.find((p) => !ids.has(p.decisionId));
      if (stray) throw new RangeError(`proposal ${stray.decisionId} has no decision in the look ${lookMs}`);
      const decidedMs = typeof decided === 'number' ? decided : decided();
      await partitionsFor(sql, ['decision', 'decision_kept'], lookMs);
      return sql.begin(async (tx) => {
        const look = await lookAt(tx, lookMs, 'lock');
        if (look.decidedMs !== undefined) return { counts: { ...look.counts }, again: true };
        await copyRows(tx, `decision (${COLUMNS})`, rows);
        await keepDecisions(tx, lookMs);
        await noteModels(tx, lookMs);
        await queueProposals(tx, lookMs, proposals);
        await insertNotices(tx, [...proposals.map((p) => proposalNotice(p, decidedMs)), staleNotice(lookMs, await newlyStale(tx, lookMs))]);
        await tx`update look set decided_ms = ${decidedMs}, counts = ${JSON.stringify(counts)} where look_ms = ${lookMs}`;
        return { counts, again: false };
      });
    },
    async pastDecisions(beforeMs, looks) {
      const times = await lookTimesBefore(sql, beforeMs, looks);
      if (times.length === 0) return [];
      const rows = await sql<{ app: number; look_ms: number; verdict: number; from_site: number; to_site: number; wanted: boolean }[]>`
        select app, look_ms, verdict, from_site, to_site, wanted from decision where look_ms = any(${[...times]}::int8[]) order by look_ms desc, app`;
      const appName = await names.named(
        'app',
        rows.map((r) => r.app),
      );
      const siteName = await names.named(
        'site',
        rows.flatMap((r) => [r.from_site, r.to_site].filter((id) => id >= 0)),
      );
      return rows.map((r) => ({
        app: appName(r.app),
        lookMs: r.look_ms,
        verdict: ofCode(VERDICT_CODE, r.verdict, 'verdict'),
        ...(r.from_site >= 0 && { from: siteName(r.from_site) }),
        ...(r.to_site >= 0 && { to: siteName(r.to_site) }),
        wanted: r.wanted,
      }));
    },
    async decisions(filter) {
      const rows = await selectDecisions({ sql, names, configs }, filter);
      const appName = await names.named(
        'app',
        rows.map((r) => r.app),
      );
      // Sites stand inside the packed bytes too, so all of them are needed.
      const siteName = await names.named('site');
      return rows.map((r) => unpackDecision({ ...r, app: appName(r.app) }, siteName));
    },
  };
}

interface Packed {
  readonly rows: CopyRows;
  readonly counts: Record<Verdict, number>;
  readonly ids: ReadonlySet<string>;
}

/** Packs decisions as they come; none is kept. */
async function packAll(names: Names, lookMs: number, decisions: Iterable<Decision> | AsyncIterable<Decision>): Promise<Packed> {
  const ids = new Set<string>();
  const counts: Record<Verdict, number> = { stay: 0, hold: 0, recommend: 0, move: 0 };
  const rows = new CopyRows();
  for await (const decision of decisions) {
    checkDecision(lookMs, decision, ids);
    ids.add(decision.id);
    counts[decision.verdict]++;
    const appIds = await names.ids('app', [decision.app]);
    const siteIds = await names.ids(
      'site',
      decision.candidates.map((c) => c.site),
    );
    packRow(rows, decision, { app: idOf(appIds, 'app', decision.app), siteId: (name) => idOf(siteIds, 'site', name) });
  }
  return { rows, counts, ids };
}

function checkDecision(lookMs: number, { id, app, lookMs: own }: Decision, ids: ReadonlySet<string>): void {
  if (own !== lookMs || id !== `${app}-${lookMs}`) throw new RangeError(`decision ${id} of app "${app}" is not one of the look ${lookMs}`);
  if (ids.has(id)) throw new RangeError(`the look ${lookMs} has two decisions for app "${app}"`);
}

function packRow(out: CopyRows, decision: Decision, { app, siteId }: { app: number; siteId: (name: string) => number }): void {
  const p = packDecision(decision, siteId);
  out
    .row(13)
    .int8(decision.lookMs)
    .int4(app)
    .int2(p.verdict)
    .int2(p.reason)
    .int4(p.fromSite)
    .int4(p.toSite)
    .real(p.gain)
    .real(p.horizonS)
    .int2(p.predictor)
    .int4(p.modelVersion)
    .int4(p.policyVersion)
    .bool(p.wanted)
    .bytea(p.packed);
}

/**
 * Kept for months: every move; a recommendation when it begins or changes its reason or its sites; a hold when it begins or changes its
 * reason. A fleet without trust holds at every look, and one that waits for approval recommends at every look: the hundredth in a row
 * tells nobody anything while its rows fill the disk.
 */
async function keepDecisions(tx: Tx, lookMs: number): Promise<void> {
  const [before] = await lookTimesBefore(tx, lookMs, 1);
  await tx`
    insert into decision_kept (${tx.unsafe(COLUMNS)})
    select ${tx.unsafe(COLUMNS)} from decision d
    where look_ms = ${lookMs} and (verdict = ${VERDICT_CODE.move} or verdict = any(${[VERDICT_CODE.recommend, VERDICT_CODE.hold]}::int2[]) and not exists (
      select 1 from decision p
      where p.look_ms = ${before ?? -1} and p.app = d.app and p.verdict = d.verdict and p.reason = d.reason
        and (d.verdict = ${VERDICT_CODE.hold} or p.from_site = d.from_site and p.to_site = d.to_site)))`;
}

async function noteModels(tx: Tx, lookMs: number): Promise<void> {
  await tx`
    insert into look_model (look_ms, key, version, apps)
    select look_ms, model_key, model_version, count(*) from prediction
    where look_ms = ${lookMs} and model_key is not null and model_version is not null
    group by look_ms, model_key, model_version`;
}

async function queueProposals(tx: Tx, lookMs: number, proposals: readonly Proposal[]): Promise<void> {
  await tx`
    insert into proposal (decision_id, look_ms, expires_ms, body)
    select d, ${lookMs}, e, b
    from unnest(${proposals.map((p) => p.decisionId)}::text[], ${proposals.map((p) => p.expiresMs)}::int8[],
      ${proposals.map((p) => JSON.stringify(p))}::text[]) u(d, e, b)`;
}

/** Apps that hold for their input, and did not at the look before; a look that only records says nothing of now. */
async function newlyStale(tx: Tx, lookMs: number): Promise<string[]> {
  const [before] = await lookTimesBefore(tx, lookMs, 1);
  const stale = [REASON_CODE.fresh, REASON_CODE.complete];
  const rows = await tx<{ name: string }[]>`
    select a.name from decision d join look l using (look_ms) join app a on a.id = d.app
    where d.look_ms = ${lookMs} and not l.record_only and d.reason = any(${stale}::int2[]) and not exists (
      select 1 from decision p where p.look_ms = ${before ?? -1} and p.app = d.app and p.reason = any(${stale}::int2[]))
    order by a.name`;
  return rows.map(({ name }) => name);
}
