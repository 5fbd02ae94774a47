import { moveNotice } from '../../domain/notice.ts';
import type { Claim, ClaimRequest, MoveEnd, Snapshot } from '../../domain/records.ts';
import type { Store } from './types.ts';
import { admit } from './admission.ts';
import { newestEnds } from './ended-moves.ts';
import type { Configs } from './config.ts';
import type { Db, Sql, Tx } from './connect.ts';
import { lockFor } from './locks.ts';
import { insertNotices } from './notices.ts';

/** A snapshot is small by contract: it travels in the history of a workflow. */
const SNAPSHOT_MAX = 16 * 1024;

type ClaimMethods = Pick<
  Store,
  | 'claimMove'
  | 'saveSnapshot'
  | 'claimPhase'
  | 'noteIfStayed'
  | 'endClaim'
  | 'claim'
  | 'openClaims'
  | 'claimsOpenAt'
  | 'claims'
  | 'endedMoves'
>;

export function createClaims(sql: Sql, configs: Configs): ClaimMethods {
  return {
    claimMove: (request) => sql.begin((tx) => claimMove(tx, request, configs)),
    async saveSnapshot(decisionId, snapshot) {
      const body = JSON.stringify(snapshot);
      if (Buffer.byteLength(body) > SNAPSHOT_MAX)
        throw new RangeError(`the snapshot of ${decisionId} has ${Buffer.byteLength(body)} bytes; at most ${SNAPSHOT_MAX} are kept`);
      return sql.begin(async (tx) => {
        const claim = await claimAt(tx, decisionId);
        if (claim.snapshot) return claim.snapshot;
        if (snapshot.app !== claim.app)
          throw new RangeError(`the snapshot for ${decisionId} is of app "${snapshot.app}", the claim of "${claim.app}"`);
        if (claim.end !== undefined) throw new RangeError(`claim ${decisionId} has ended (${claim.end}): no snapshot can be taken for it`);
        await tx`update claim set snapshot = ${body} where decision_id = ${decisionId}`;
        return snapshot;
      });
    },
    /** The same phase at the same time is one entry, so a retry adds nothing. */
    async claimPhase(decisionId, phase, atMs) {
      await sql.begin(async (tx) => {
        const { phases } = await claimAt(tx, decisionId);
        if (phases.some((p) => p.phase === phase && p.atMs === atMs)) return;
        await tx`update claim set phases = phases || ${tx.json([{ phase, atMs }])} where decision_id = ${decisionId}`;
      });
    },
    async noteIfStayed(decisionId, score) {
      await sql`update claim set score_if_stayed = ${score} where decision_id = ${decisionId} and ended is null`;
    },
    endClaim: (decisionId, end) =>
      sql.begin(async (tx) => {
        const claim = await claimAt(tx, decisionId);
        if (claim.end !== undefined) return claim;
        await tx`
          update claim set ended = ${end.end}, ended_ms = ${end.atMs}, why = ${end.why ?? null}, score_before = ${end.scoreBefore ?? null},
            score_after = ${end.scoreAfter ?? null}, failed_requests = ${end.failedRequests ?? null}
          where decision_id = ${decisionId}`;
        const ended = await claimAt(tx, decisionId);
        await insertNotices(tx, [moveNotice(ended)]);
        return ended;
      }),
    claim: (decisionId) => findClaim(sql, decisionId),
    /** Oldest first. */
    async openClaims() {
      return (await sql<Row[]>`select * from claim where ended is null order by opened_ms, decision_id`).map(readClaim);
    },
    async claimsOpenAt(atMs) {
      const rows = await sql<Row[]>`
        select * from claim where opened_ms <= ${atMs} and (ended_ms is null or ended_ms > ${atMs}) order by opened_ms, decision_id`;
      return rows.map(readClaim);
    },
    endedMoves: (limit) => newestEnds(sql, limit),
    /** Newest first. */
    async claims({ app, limit }) {
      const rows = await sql<Row[]>`
        select * from claim ${app === undefined ? sql`` : sql`where app = ${app}`} order by opened_ms desc, decision_id limit ${limit}`;
      return rows.map(readClaim);
    },
  };
}

/** An ended claim is answered too, with its end: the caller must not start over what is finished. */
async function claimMove(tx: Tx, request: ClaimRequest, configs: Configs): ReturnType<Store['claimMove']> {
  await lockFor(tx, 'claims');
  const { decisionId, app, from, to } = request;
  const known = await findClaim(tx, decisionId);
  if (known) {
    const same = known.app === app && known.from === from && known.to === to;
    if (same) return { admitted: true, claim: known };
    return { admitted: false, refusal: `claim ${decisionId} is for app ${known.app} from ${known.from} to ${known.to}` };
  }
  const admission = await admit(tx, request, configs);
  if (!admission.admitted) return admission;
  await tx`
    insert into claim (decision_id, app, namespace, from_site, to_site, origin, reason, by_whom, predicted_gain, workflow_id, opened_ms)
    values (${decisionId}, ${app}, ${admission.namespace}, ${from}, ${to}, ${request.origin}, ${request.reason}, ${request.by},
      ${request.predictedGain ?? null}, ${request.workflowId}, ${request.nowMs})`;
  const claim = await claimAt(tx, decisionId);
  await insertNotices(tx, [moveNotice(claim)]);
  return { admitted: true, claim };
}

/** Locks the row. Throws RangeError when there is no such claim. */
async function claimAt(tx: Tx, decisionId: string): Promise<Claim> {
  const [row] = await tx<Row[]>`select * from claim where decision_id = ${decisionId} for update`;
  if (!row) throw new RangeError(`there is no claim ${decisionId}`);
  return readClaim(row);
}

async function findClaim(db: Db, decisionId: string): Promise<Claim | undefined> {
  const [row] = await db<Row[]>`select * from claim where decision_id = ${decisionId}`;
  return row && readClaim(row);
}

interface Row {
  readonly decision_id: string;
  readonly app: string;
  readonly from_site: string;
  readonly to_site: string;
  readonly origin: ClaimRequest['origin'];
  readonly reason: string;
  readonly by_whom: string;
  readonly predicted_gain: number | null;
  readonly workflow_id: string;
  readonly opened_ms: number;
  readonly snapshot: string | null;
  readonly phases: Claim['phases'];
  readonly ended: MoveEnd | null;
  readonly ended_ms: number | null;
  readonly why: string | null;
  readonly score_before: number | null;
  readonly score_after: number | null;
  readonly score_if_stayed: number | null;
  readonly failed_requests: number | null;
}

function readClaim(row: Row): Claim {
  return {
    decisionId: row.decision_id,
    app: row.app,
    from: row.from_site,
    to: row.to_site,
    origin: row.origin,
    reason: row.reason,
    by: row.by_whom,
    ...(row.predicted_gain !== null && { predictedGain: row.predicted_gain }),
    workflowId: row.workflow_id,
    nowMs: row.opened_ms,
    openedMs: row.opened_ms,
    ...(row.snapshot !== null && { snapshot: JSON.parse(row.snapshot) as Snapshot }),
    phases: row.phases,
    ...(row.ended !== null && { end: row.ended }),
    ...(row.ended_ms !== null && { endedMs: row.ended_ms }),
    ...(row.why !== null && { why: row.why }),
    ...(row.score_before !== null && { scoreBefore: row.score_before }),
    ...(row.score_after !== null && { scoreAfter: row.score_after }),
    ...(row.score_if_stayed !== null && { scoreIfStayed: row.score_if_stayed }),
    ...(row.failed_requests !== null && { failedRequests: row.failed_requests }),
  };
}
