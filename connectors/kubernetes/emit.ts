import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { claimOf } from '../../domain/claim-of.ts';
import type { Snapshot } from '../../domain/records.ts';
import type { Actuator, Change } from '../ports.ts';
import type { Access } from './access.ts';
import { refusalOf } from './feasibility.ts';
import { pinned } from './pin.ts';
import { recordNow } from './change.ts';
import { Refusal } from './refusal.ts';
import { busyWith, readSituation, servingSite, whereabouts } from './situation.ts';
import { pinLabels } from './sites.ts';
import type { KubernetesSpec } from './spec.ts';
import { readView } from './view.ts';
import { isReady, nameOf, replicasOf, rollout } from './workload.ts';

const WEBHOOK_MS = 10_000;

/** What a pipeline is asked to bring about. Written once per decision; the same name or key again means the same wish. */
export interface Wish {
  readonly decision: string;
  readonly kind: 'move' | 'undo';
  readonly app: string;
  readonly workload: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly site: string;
  /** Preferred node affinity that would bring it there. */
  readonly preferred: unknown;
}

/** Moves nothing: writes down what is wanted and waits for whoever reads it. Everything else is answered by `real`. */
export function emittingActuator(access: Access, real: Actuator): Actuator {
  return {
    ...real,
    dryRun: (change) => judge(access, change),
    async apply(change) {
      const { spec } = await access();
      const undo = `${claimOf(change.decisionId)}/undo`;
      if (await wasWritten(spec, undo)) throw new Refusal('BadInput', `${change.decisionId} was undone before it came`);
      const fresh = await emit(spec, await wishOf(access, { app: change.app, site: change.to, decision: change.decisionId, kind: 'move' }));
      return { applied: fresh, generation: 0 };
    },
    async ready(change) {
      const { client, spec } = await access();
      if (spec.connector.emit?.folder !== undefined && !(await wasWritten(spec, change.decisionId)))
        return { ready: false, failed: `decision ${change.decisionId} was never emitted` };
      const { pods, nodes, workload } = await readSituation(client, spec, change.app);
      const { site, ending } = whereabouts(pods, nodes, spec.sites);
      const settled = ending === 0 && rollout(workload) === undefined && pods.filter(isReady).length >= replicasOf(workload);
      return { ready: settled && site === change.to };
    },
    async restore(snapshot: Snapshot, decisionId: string) {
      const { client, spec } = await access();
      const situation = await readSituation(client, spec, snapshot.app);
      const emitted = await claimWritten(spec, claimOf(decisionId));
      if (emitted === false && servingSite(situation, spec.sites) === snapshot.site) return { restored: false, generation: 0 };
      const wish = await wishOf(access, { app: snapshot.app, site: snapshot.site, decision: decisionId, kind: 'undo' });
      return { restored: await emit(spec, wish), generation: 0 };
    },
  };
}

async function judge(access: Access, { app, to }: Change): Promise<{ ok: true } | { ok: false; refusal: string }> {
  const { client, spec } = await access();
  const situation = await readSituation(client, spec, app);
  const view = await readView(client, new Map([[app, situation.at]]));
  const refusal = busyWith(situation, spec, view) ?? refusalOf(app, to, { spec, view });
  return refusal === undefined ? { ok: true } : { ok: false, refusal: `${to}: ${refusal}` };
}

async function wishOf(access: Access, { app, ...wanted }: Pick<Wish, 'app' | 'site' | 'decision' | 'kind'>): Promise<Wish> {
  const { client, spec } = await access();
  const situation = await readSituation(client, spec, app);
  const labels = pinLabels(wanted.site, spec.sites.get(wanted.site), situation.nodes);
  if (!spec.sites.has(wanted.site) || !labels) throw new Refusal('BadInput', `there is no site ${wanted.site} for ${app}`);
  const { kind, namespace } = situation.at;
  const preferred = pinned('preferred', recordNow(situation).origin.value, labels);
  return { app, ...wanted, workload: { kind, namespace, name: nameOf(app, situation.at) }, preferred };
}

/** False when it had been written before. */
async function emit({ connector }: KubernetesSpec, wish: Wish): Promise<boolean> {
  const { folder, webhook } = connector.emit ?? {};
  if (folder !== undefined) {
    await mkdir(folder, { recursive: true });
    return await written(join(folder, fileOf(wish.decision)), wish);
  }
  if (webhook === undefined) throw new Refusal('BadInput', `connectors.kubernetes.emit says no place for ${wish.app}`);
  const answer = await fetch(webhook, {
    method: 'POST',
    redirect: 'error',
    headers: { 'content-type': 'application/json', 'idempotency-key': wish.decision },
    body: JSON.stringify(wish),
    signal: AbortSignal.timeout(WEBHOOK_MS),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`the webhook of connectors.kubernetes.emit answered ${answer.status}`);
  return true;
}

async function written(file: string, wish: Wish): Promise<boolean> {
  try {
    await writeFile(file, `${JSON.stringify(wish, null, 2)}\n`, { flag: 'wx', mode: 0o644 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

const fileOf = (decision: string) => `${decision.replaceAll('/', '_')}.json`;

async function wasWritten({ connector }: KubernetesSpec, decision: string): Promise<boolean> {
  const { folder } = connector.emit ?? {};
  return folder !== undefined && existsSync(join(folder, fileOf(decision)));
}

/** Whether anything of a claim was written; undefined = a webhook does not tell. */
async function claimWritten({ connector }: KubernetesSpec, claim: string): Promise<boolean | undefined> {
  const { folder } = connector.emit ?? {};
  if (folder === undefined) return undefined;
  const files = existsSync(folder) ? await readdir(folder) : [];
  return files.some((file) => file === fileOf(claim) || file.startsWith(`${claim}_`));
}
