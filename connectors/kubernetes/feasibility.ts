import type { V1PodTemplateSpec } from '@kubernetes/client-node';

import { whyNot } from './fits/fits.ts';
import { pinFieldOf, pinned, templateWith } from './pin.ts';
import { recordOf } from './record.ts';
import { nodesOf, pinLabels, siteRefusal } from './sites.ts';
import { appOf } from './situation.ts';
import type { KubernetesSpec } from './spec.ts';
import { letsGoFirst, surgeRefusal } from './surge.ts';
import type { View, Workload } from './view.ts';
import { nameOf, podsOf, replicasOf } from './workload.ts';

/** Why an app cannot go to a site, as the scheduler would judge it; undefined = it can. */
export function refusalOf(app: string, site: string, { spec, view }: { spec: KubernetesSpec; view: View }): string | undefined {
  const at = appOf(spec, app);
  const workload = view.workloads.get(app);
  if (!workload) return `there is no ${at.kind} ${at.namespace}/${nameOf(app, at)}`;
  if (!spec.sites.has(site) || !spec.sitesOf(app).includes(site)) return `${app} may not run on ${site}: it is none of its sites`;
  if (spec.cordoned.has(site)) return 'the site is cordoned in the configuration';
  const nodes = nodesOf(site, spec.sites.get(site), view.nodes);
  const closed = siteRefusal(nodes);
  if (closed !== undefined) return closed;
  const surge = surgeRefusal(workload, at, view);
  if (surge !== undefined) return surge;
  return whyNot({
    template: templateOn(site, workload, { spec, view, app }),
    namespace: at.namespace,
    replicas: replicasOf(workload),
    nodes,
    own: podsOf(workload, at, view.pods),
    mayBeDown: letsGoFirst(workload, at),
    view,
  });
}

/** The owner's template with the pin for this site in place of the one for the present site. */
function templateOn(
  site: string,
  workload: Workload,
  { spec, view, app }: { spec: KubernetesSpec; view: View; app: string },
): V1PodTemplateSpec {
  const at = appOf(spec, app);
  const field = pinFieldOf(at);
  const template = workload.spec?.template ?? {};
  const record = recordOf(workload);
  const original = record ? record.origin.value : undefined;
  const bare = record?.origin.field === field ? templateWith(template, field, original) : template;
  const labels = pinLabels(site, spec.sites.get(site), view.nodes);
  // What is only preferred keeps no pod off a node.
  return field === 'preferred' || !labels || at.how === 'emit'
    ? bare
    : templateWith(bare, field, pinned(field, valueIn(bare, field), labels));
}

function valueIn(template: V1PodTemplateSpec, field: 'required' | 'node-selector'): unknown {
  return field === 'node-selector'
    ? (template.spec?.nodeSelector ?? null)
    : (template.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? null);
}
