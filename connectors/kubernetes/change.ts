import { claimOf } from '../../domain/claim-of.ts';
import type { Snapshot } from '../../domain/records.ts';
import type { Change } from '../ports.ts';
import { capture, pinned, templateDigest } from './pin.ts';
import { withDecision, withUndone, type MoveRecord } from './record.ts';
import { Refusal } from './refusal.ts';
import { pinLabels, siteOfNode } from './sites.ts';
import { fieldOf, moveUnderWay, servingSite, siteKept, stoppedByOwner, takenBy, type Situation } from './situation.ts';
import type { KubernetesSpec } from './spec.ts';
import { SURGE } from './surge.ts';
import type { Write } from './write.ts';
import { isReady, replicasOf, rollout } from './workload.ts';

/** What a change comes to, seen the workload as it is. */
export type Step = { readonly kind: 'known' } | { readonly kind: 'write'; readonly write: Write; readonly moves: boolean };

/** The write that carries out a change. Throws `Refusal` where it may not be. */
export function stepFor(change: Change, situation: Situation, spec: KubernetesSpec): Step {
  const { app, record, workload } = situation;
  if (record?.decisions.some(({ id }) => id === change.decisionId)) return { kind: 'known' };
  if (record?.undone.includes(claimOf(change.decisionId))) throw new Refusal('BadInput', `${change.decisionId} was undone before it came`);
  const stands = objection(change, situation, spec);
  if (stands) throw stands;
  const labels = pinLabels(change.to, spec.sites.get(change.to), situation.nodes);
  if (!spec.sites.has(change.to) || !labels) throw new Refusal('BadInput', `there is no site ${change.to} for ${app}`);
  const now = recordNow(situation);
  const was = siteKept(situation) ?? null;
  const there = servingSite(situation, spec.sites) === change.to;
  if (there) {
    const next = withDecision(now, { id: change.decisionId, to: change.to, state: 'there', was });
    return { kind: 'write', moves: false, write: { ...kept(situation, next), decisionId: change.decisionId } };
  }
  const next = withDecision(now, { id: change.decisionId, to: change.to, state: 'applied', was });
  const value = pinned(now.origin.field, now.origin.value, labels);
  return {
    kind: 'write',
    moves: true,
    write: {
      record: {
        ...next,
        writes: now.writes + 1,
        value,
        strategy: now.origin.strategy ? SURGE : null,
        template: templateDigest(workload, now.origin.field),
      },
      decisionId: change.decisionId,
      site: change.to,
    },
  };
}

/** Why nobody may change the placement now. */
function objection(change: Change, situation: Situation, spec: KubernetesSpec): Refusal | undefined {
  const taken = takenBy(situation, spec.connector.installation);
  if (taken !== undefined) return new Refusal('NotPermitted', `${situation.app}: ${taken}`);
  const other = moveUnderWay(situation, spec.sites);
  if (other) return new Refusal('Busy', `${situation.app} is moving to ${other.to} for ${other.id}`);
  const stopped = stoppedByOwner(situation) ?? rollout(situation.workload);
  return stopped === undefined ? undefined : new Refusal('Busy', `${situation.app} is busy, so ${change.decisionId} waits: ${stopped}`);
}

/**
 * The write that brings the app back to the site of a snapshot under its owner's own constraints, and shuts the claim out. Where the owner's
 * constraints name no site and its pods have left, only a pin on that site brings them back; a release takes it away again.
 */
export function undoFor(
  snapshot: Snapshot,
  decisionId: string,
  { situation, spec }: { situation: Situation; spec: KubernetesSpec },
): { write: Write; restores: boolean } | undefined {
  const base = recordNow(situation);
  const claim = claimOf(decisionId);
  // What somebody else has set since is theirs: it is left alone.
  const restores = !isBack(snapshot.site, situation, spec) && takenBy(situation, spec.connector.installation) === undefined;
  const shutOut = base.undone.includes(claim) && !base.decisions.some(({ id, state }) => claimOf(id) === claim && state !== 'undone');
  if (!restores && shutOut) return undefined;
  const undone = withUndone(base, decisionId);
  if (!restores) return { restores, write: { ...kept(situation, undone), decisionId } };
  const labels = pinLabels(snapshot.site, spec.sites.get(snapshot.site), situation.nodes);
  const { field, value, strategy } = base.origin;
  // A pin on a node that is gone would keep it from running at all.
  const unpinned = labels === undefined || (wasUnpinned(base, claim) && stillStands(snapshot.site, situation, spec));
  const record = { ...undone, writes: base.writes + 1, strategy, value: unpinned ? value : pinned(field, value, labels) };
  return { restores, write: { record, decisionId, site: unpinned ? undefined : snapshot.site } };
}

/** Nothing sends it anywhere else. */
function isBack(site: string, situation: Situation, spec: KubernetesSpec): boolean {
  const kept = siteKept(situation);
  return kept === undefined ? servingSite(situation, spec.sites) === site : kept === site;
}

const wasUnpinned = (record: MoveRecord, claim: string) => record.decisions.find(({ id }) => claimOf(id) === claim)?.was === null;

/** All its pods are there still, and of the template that comes back, so that the controllers only have to drop the new ones. */
const stillStands = (site: string, { pods, nodes, workload, record }: Situation, { sites }: KubernetesSpec) =>
  record !== undefined &&
  templateDigest(workload, record.origin.field) === record.template &&
  pods.filter((pod) => isReady(pod) && siteOfNode(pod.spec?.nodeName, sites, nodes) === site).length >= replicasOf(workload);

/** Everything stays as it is; only the record is written. What is not ours is not applied, or it would become ours. */
const kept = (situation: Situation, record: MoveRecord): Omit<Write, 'decisionId'> => ({
  record,
  site: siteKept(situation),
});

/** While nothing of ours is in force, what stands there is the owner's and is captured anew. */
export function recordNow(situation: Situation): MoveRecord {
  const { record, workload, at } = situation;
  const origin = record && record.value !== null ? record.origin : capture(workload, at, fieldOf(situation));
  return record ? { ...record, origin } : { origin, decisions: [], undone: [], template: '', value: null, strategy: null, writes: 0 };
}
