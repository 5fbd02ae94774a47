import type { Access } from './access.ts';
import { withFreshLooks } from './attempts.ts';
import { JSON_PATCH, type KubeClient } from './client.ts';
import { managerOf } from './ownership.ts';
import { capture, sameValue, templateWith } from './pin.ts';
import { ANNOTATION, ownerOf } from './record.ts';
import { fieldOf, readSituation, takenBy, type Situation } from './situation.ts';
import type { KubernetesSpec } from './spec.ts';
import type { Workload } from './view.ts';

export type Released =
  | { readonly kind: 'released'; readonly field: string; readonly changed: boolean }
  | { readonly kind: 'untouched' }
  | { readonly kind: 'refused'; readonly why: string };

/** Gives an app back: its owner's constraints and strategy as they were before berth's first change, no annotation, no field of ours. */
export function releaseApp(access: Access, app: string): Promise<Released> {
  return withFreshLooks(async () => {
    const { client, spec } = await access();
    const situation = await readSituation(client, spec, app);
    const { installation } = spec.connector;
    const owner = ownerOf(situation.workload);
    if (owner === undefined) return { kind: 'untouched' };
    if (owner !== installation) return { kind: 'refused', why: `the app belongs to the installation ${owner}` };
    if (!situation.record)
      return { kind: 'refused', why: `the annotation ${ANNOTATION.record} is damaged: what was there before is not known` };
    return await giveBack({ client, spec }, situation);
  });
}

async function giveBack({ client, spec }: { client: KubeClient; spec: KubernetesSpec }, situation: Situation): Promise<Released> {
  const { record, workload, at, path } = situation;
  const manager = managerOf(spec.connector.installation);
  const field = fieldOf(situation);
  // What somebody else has set since is theirs.
  const taken = takenBy(situation, spec.connector.installation);
  const changed =
    record !== undefined &&
    record.value !== null &&
    taken === undefined &&
    !sameValue(capture(workload, at, field).value, record.origin.value);
  const body = [
    { op: 'test', path: '/metadata/resourceVersion', value: workload.metadata?.resourceVersion },
    ...(changed ? placementPatch(situation) : []),
    ...Object.values(ANNOTATION)
      .filter((name) => workload.metadata?.annotations?.[name] !== undefined)
      .map((name) => ({ op: 'remove', path: `/metadata/annotations/${name.replaceAll('/', '~1')}` })),
    disown(workload, manager),
  ];
  const patch = async (ops: readonly object[]) =>
    (await client.call({ method: 'PATCH', path, body: ops, contentType: JSON_PATCH, query: { fieldManager: manager } })) as Workload;
  const given = await patch(body);
  // What is set to the owner's value counts as set by us; it is the owner's.
  if ((given.metadata?.managedFields ?? []).some((entry) => entry.manager === manager)) await patch([disown(given, manager)]);
  if (taken !== undefined) return { kind: 'refused', why: `${taken}; berth's annotations are gone, that field is left alone` };
  return { kind: 'released', field, changed };
}

const disown = ({ metadata }: Workload, own: string) => ({
  op: 'replace',
  path: '/metadata/managedFields',
  value: (metadata?.managedFields ?? []).filter(({ manager }) => manager !== own),
});

/** The whole part of the pod's spec that the field is in, without the empty husks that would make it another template. */
function placementPatch({ workload, record }: Situation): object[] {
  if (!record) return [];
  const { field, value, strategy } = record.origin;
  const spec = templateWith(workload.spec?.template ?? {}, field, value).spec;
  const patches =
    field === 'node-selector'
      ? [setOrRemove('/spec/template/spec/nodeSelector', spec?.nodeSelector)]
      : [setOrRemove('/spec/template/spec/affinity', withoutHusks(spec?.affinity))];
  return strategy ? [...patches, { op: 'replace', path: '/spec/strategy', value: strategy }] : patches;
}

const setOrRemove = (path: string, value: unknown) => (value === undefined ? { op: 'remove', path } : { op: 'add', path, value });

function withoutHusks(affinity: object | undefined): object | undefined {
  const kept = Object.entries(affinity ?? {}).filter(
    ([, part]) => typeof part === 'object' && part !== null && Object.keys(part as object).length > 0,
  );
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
