import type { V1Node } from '@kubernetes/client-node';

import type { KubernetesSite } from '../../domain/kubernetes-config.ts';

export const HOSTNAME = 'kubernetes.io/hostname';

export type SiteMap = ReadonlyMap<string, KubernetesSite | undefined>;

/** The nodes of a site, by the name or the labels that were configured; the node of its own name where nothing was. */
export function nodesOf(site: string, at: KubernetesSite | undefined, nodes: readonly V1Node[]): readonly V1Node[] {
  const { labels } = at ?? {};
  if (!labels) return nodes.filter(({ metadata }) => metadata?.name === (at?.node ?? site));
  return nodes.filter(({ metadata }) => Object.entries(labels).every(([key, value]) => metadata?.labels?.[key] === value));
}

/** The labels that a pod's placement has to name to mean this site. */
export function pinLabels(
  site: string,
  at: KubernetesSite | undefined,
  nodes: readonly V1Node[],
): Readonly<Record<string, string>> | undefined {
  if (at?.labels) return at.labels;
  const hostname = nodesOf(site, at, nodes)[0]?.metadata?.labels?.[HOSTNAME];
  return hostname === undefined ? undefined : { [HOSTNAME]: hostname };
}

/** Everything that keeps sites from meaning exactly one set of nodes each, by name. */
export function mappingProblems(sites: SiteMap, nodes: readonly V1Node[]): readonly string[] {
  const problems: string[] = [];
  const taken = new Map<string, string>();
  for (const [site, at] of sites) {
    const own = nodesOf(site, at, nodes);
    if (own.length === 0) problems.push(`site ${site}: there is no node ${wantedOf(site, at)}`);
    for (const { metadata } of own) {
      const name = metadata?.name ?? '';
      const other = taken.get(name);
      if (other !== undefined) problems.push(`site ${site}: node ${name} is of site ${other} already`);
      taken.set(name, site);
    }
    if (!at?.labels) problems.push(...hostnameProblems(site, own, nodes));
  }
  return problems;
}

/** A node is pinned by its hostname label, which need not be its name, and must be its alone. */
function hostnameProblems(site: string, own: readonly V1Node[], nodes: readonly V1Node[]): readonly string[] {
  return own.flatMap(({ metadata }) => {
    const hostname = metadata?.labels?.[HOSTNAME];
    if (hostname === undefined) return [`site ${site}: node ${metadata?.name} has no label ${HOSTNAME}`];
    const same = nodes.filter((node) => node.metadata?.labels?.[HOSTNAME] === hostname).map((node) => node.metadata?.name);
    return same.length === 1 ? [] : [`site ${site}: the label ${HOSTNAME}=${hostname} is on ${same.join(' and ')}`];
  });
}

const wantedOf = (site: string, at: KubernetesSite | undefined) =>
  at?.labels
    ? `with ${Object.entries(at.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(',')}`
    : (at?.node ?? site);

export function siteOfNode(node: string | undefined, sites: SiteMap, nodes: readonly V1Node[]): string | undefined {
  for (const [site, at] of sites) if (nodesOf(site, at, nodes).some(({ metadata }) => metadata?.name === node)) return site;
  return undefined;
}

export const isNodeReady = (node: V1Node) =>
  (node.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');

/** Why none of these nodes takes a pod; undefined = one does. */
export function siteRefusal(nodes: readonly V1Node[]): string | undefined {
  if (nodes.length === 0) return 'it has no node';
  const reasons = nodes.map((node) => (!isNodeReady(node) ? 'not ready' : node.spec?.unschedulable ? 'cordoned' : undefined));
  if (reasons.includes(undefined)) return undefined;
  return nodes.map(({ metadata }, index) => `node ${metadata?.name} is ${reasons[index]}`).join(', ');
}
