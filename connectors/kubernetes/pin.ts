import type { V1DeploymentStrategy, V1NodeSelectorTerm, V1PodTemplateSpec, V1PreferredSchedulingTerm } from '@kubernetes/client-node';
import { createHash } from 'node:crypto';

import type { KubernetesApp } from '../../domain/kubernetes-config.ts';
import type { Workload } from './view.ts';

/** The one field of the pod template by which an app is placed. Each is atomic for the API server: it is owned, captured and restored whole. */
export type PinField = 'preferred' | 'required' | 'node-selector';
export type Labels = Readonly<Record<string, string>>;

/** Everything of a workload that a move may change; null = not set. */
export interface Captured {
  readonly field: PinField;
  readonly value: unknown;
  /** Only with `surge: patch`. */
  readonly strategy: V1DeploymentStrategy | null;
}

const PATH: Readonly<Record<PinField, readonly string[]>> = {
  preferred: ['affinity', 'nodeAffinity', 'preferredDuringSchedulingIgnoredDuringExecution'],
  required: ['affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms'],
  'node-selector': ['nodeSelector'],
};

export function pinFieldOf({ how, required }: KubernetesApp): PinField {
  if (how === 'node-selector') return 'node-selector';
  return required ? 'required' : 'preferred';
}

/** Below the object, as in managed fields: `spec`, `template`, `spec`, ... */
export const pathOfField = (field: PinField): readonly string[] => ['spec', 'template', 'spec', ...PATH[field]];

export function capture(workload: Workload, app: KubernetesApp, field: PinField): Captured {
  const strategy =
    app.surge === 'patch' && app.kind === 'Deployment' ? ((workload.spec as { strategy?: V1DeploymentStrategy }).strategy ?? null) : null;
  return { field, value: at(workload, pathOfField(field)) ?? null, strategy };
}

/** The captured value with the site added: what the owner wanted stays in force beside it. */
export function pinned(field: PinField, original: unknown, labels: Labels): unknown {
  const own = Object.entries(labels).map(([key, value]) => ({ key, operator: 'In', values: [value] }));
  switch (field) {
    case 'node-selector':
      return { ...(original as Labels | null), ...labels };
    case 'preferred':
      return [{ weight: 100, preference: { matchExpressions: own } }, ...((original as V1PreferredSchedulingTerm[] | null) ?? [])];
    case 'required': {
      const terms = (original as V1NodeSelectorTerm[] | null) ?? [];
      // Terms are alternatives, so each must name the site.
      return terms.length === 0
        ? [{ matchExpressions: own }]
        : terms.map((term) => ({ ...term, matchExpressions: [...(term.matchExpressions ?? []), ...own] }));
    }
  }
}

/** The part of an object that sets a value of the field; nothing where there is none, so that an apply gives the field up. */
export function specWith(field: PinField, value: unknown, strategy: V1DeploymentStrategy | null): Record<string, unknown> | undefined {
  const inner = [...PATH[field]].reverse().reduce<unknown>((below, key) => ({ [key]: below }), value);
  const template = value === null || value === undefined ? undefined : { spec: inner };
  if (!template && !strategy) return undefined;
  return { ...(template && { template }), ...(strategy && { strategy }) };
}

/** The template as it would be with the value in place of the present one. */
export function templateWith(template: V1PodTemplateSpec, field: PinField, value: unknown): V1PodTemplateSpec {
  const copy = structuredClone(template);
  let place = (copy.spec ??= { containers: [] }) as unknown as Record<string, unknown>;
  const path = PATH[field];
  for (const key of path.slice(0, -1)) {
    if (place[key] === undefined && (value === null || value === undefined)) return copy;
    place = (place[key] ??= {}) as Record<string, unknown>;
  }
  const last = path.at(-1) ?? '';
  if (value === null || value === undefined) delete place[last];
  else place[last] = value;
  if (field === 'required' && (value === null || value === undefined)) {
    // A required affinity without terms matches nothing.
    delete (copy.spec?.affinity?.nodeAffinity as Record<string, unknown> | undefined)?.['requiredDuringSchedulingIgnoredDuringExecution'];
  }
  return copy;
}

/** Digest of the owner's part of the template: it changes when somebody else changes the app, not when we move it. */
export function templateDigest(workload: Workload, field: PinField): string {
  const own = templateWith(workload.spec?.template ?? {}, field, null);
  return createHash('sha256')
    .update(canonical(prune(own)))
    .digest('hex')
    .slice(0, 16);
}

/** Same content, whatever the order of keys. */
export const sameValue = (one: unknown, other: unknown): boolean => canonical(one ?? null) === canonical(other ?? null);

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)
    .join(',')}}`;
}

/** Empty containers that a removed field leaves behind mean the same as none. */
function prune(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(prune);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value)
    .map(([key, inner]) => [key, prune(inner)] as const)
    .filter(
      ([, inner]) =>
        inner !== undefined && inner !== null && !(typeof inner === 'object' && !Array.isArray(inner) && Object.keys(inner).length === 0),
    );
  return Object.fromEntries(kept);
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined),
    value,
  );
}
