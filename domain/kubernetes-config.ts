import { z } from 'zod';

/** Parts of berth.yaml that speak of Kubernetes. Names of its own objects follow its rules, not ours. */
const objectName = z.string().regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/, 'a name of a Kubernetes object: a-z, 0-9, - and .');
const namespaceName = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'a name of a Kubernetes namespace: a-z, 0-9 and -');
const labelKey = z
  .string()
  .regex(/^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, 'a key of a Kubernetes label');

const KINDS = ['Deployment', 'StatefulSet'] as const;
export type WorkloadKind = (typeof KINDS)[number];
const kind = z.string().transform((given, ctx) => {
  const known = KINDS.find((one) => one === given);
  if (known !== undefined) return known;
  ctx.addIssue({ code: 'custom', message: `a ${given.slice(0, 60)} cannot be moved: only ${KINDS.join(' and ')} can` });
  return z.NEVER;
});

export const kubernetesConnector = z.strictObject({
  /** File with clusters and credentials; absent: the service account of the pod berth runs in. The shell's own is never read. */
  kubeconfig: z.string().min(1).optional(),
  /** Context of that file; absent: it must have exactly one. */
  context: z.string().min(1).optional(),
  /** Whose the moved apps are: part of the field manager and of the owner annotation. */
  installation: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, '1 to 40 of a-z, 0-9 and -')
    .default('berth'),
  /** Where apps with `how: emit` have their wanted changes written. */
  emit: z
    .strictObject({ webhook: z.url({ protocol: /^https?$/ }).optional(), folder: z.string().min(1).optional() })
    .refine((e) => (e.webhook === undefined) !== (e.folder === undefined), 'give exactly one of webhook and folder')
    .optional(),
});

/** A site is one node, or all nodes with these labels; absent: the node of the site's own name. */
export const kubernetesSite = z
  .strictObject({ node: objectName.optional(), labels: z.record(labelKey, z.string().max(63)).optional() })
  .refine((s) => (s.node === undefined) !== (s.labels === undefined), 'give exactly one of node and labels')
  .refine((s) => s.labels === undefined || Object.keys(s.labels).length > 0, 'labels must name at least one label');

export const kubernetesApp = z.strictObject({
  namespace: namespaceName.default('default'),
  kind: kind.default('Deployment'),
  /** Absent: the app's own name. */
  name: objectName.optional(),
  /** How it is moved: node affinity, node selector, or not by us but by whoever reads what we emit. */
  how: z.enum(['affinity', 'node-selector', 'emit']).default('affinity'),
  /** With `affinity`: the scheduler must, not only should, keep it there. */
  required: z.boolean().default(false),
  /** Move it even if it serves nothing in between. */
  allowDowntime: z.boolean().default(false),
  /** `patch`: berth may set the rollout strategy so that a new pod is ready before an old one goes, and sets it back. */
  surge: z.enum(['keep', 'patch']).default('keep'),
  /** Take the field although somebody else owns it. */
  takeOver: z.boolean().default(false),
});

export type KubernetesConnector = z.output<typeof kubernetesConnector>;
export type KubernetesApp = z.output<typeof kubernetesApp>;
export type KubernetesSite = z.output<typeof kubernetesSite>;
