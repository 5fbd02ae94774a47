import type { KubeClient } from './client.ts';
import { managerOf } from './ownership.ts';
import { specWith } from './pin.ts';
import { annotationsOf, type MoveRecord } from './record.ts';
import type { Situation } from './situation.ts';
import type { KubernetesSpec } from './spec.ts';
import type { Workload } from './view.ts';
import { nameOf } from './workload.ts';

export interface Write {
  readonly record: MoveRecord;
  readonly decisionId: string;
  /** The site it is kept on from now on; undefined: none. */
  readonly site: string | undefined;
  readonly dryRun?: boolean;
}

/**
 * One server-side apply with everything that is ours: the placement, whose it is, for which decision, and what was there before. It holds only
 * for the version that was read, so two writers never mix. Taking a field from somebody needs `takeOver`, and setting the strategy `surge: patch`.
 */
export async function write(client: KubeClient, spec: KubernetesSpec, situation: Situation, change: Write): Promise<Workload> {
  const { app, at, path, workload } = situation;
  const { installation } = spec.connector;
  const body = {
    apiVersion: 'apps/v1',
    kind: at.kind,
    metadata: {
      name: nameOf(app, at),
      namespace: at.namespace,
      resourceVersion: workload.metadata?.resourceVersion,
      annotations: annotationsOf(change.record, { owner: installation, decision: change.decisionId, site: change.site }),
    },
    spec: specWith(change.record.origin.field, change.record.value, change.record.strategy),
  };
  const force = at.takeOver || at.surge === 'patch';
  return await client.apply<Workload>(path, body, { manager: managerOf(installation), force, dryRun: change.dryRun ?? false });
}
