import type { V1Node, V1Pod, V1PodSpec } from '@kubernetes/client-node';

import { quantity } from './quantity.ts';

export type Amounts = Readonly<Record<string, number>>;

/** What a pod asks for, as the scheduler counts it: containers together, or the largest init container if that is more, and its overhead. */
export function requestsOf(spec: V1PodSpec): Amounts {
  const total: Record<string, number> = { pods: 1 };
  for (const container of spec.containers) add(total, container.resources?.requests);
  const sidecars: Record<string, number> = {};
  for (const init of spec.initContainers ?? []) {
    if (init.restartPolicy === 'Always') {
      add(total, init.resources?.requests);
      add(sidecars, init.resources?.requests);
      continue;
    }
    const needed = { ...sidecars };
    add(needed, init.resources?.requests);
    for (const [name, amount] of Object.entries(needed)) total[name] = Math.max(total[name] ?? 0, amount);
  }
  add(total, spec.overhead);
  return total;
}

export function plus(one: Amounts, other: Amounts): Amounts {
  const sum: Record<string, number> = { ...one };
  for (const [name, amount] of Object.entries(other)) sum[name] = (sum[name] ?? 0) + amount;
  return sum;
}

export const isOver = (pod: V1Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/** Sum of what the pods that still run, also those that are ending, ask for. */
export function usedBy(pods: readonly V1Pod[]): Amounts {
  return pods.filter((pod) => !isOver(pod) && pod.spec).reduce<Amounts>((sum, pod) => plus(sum, requestsOf(pod.spec as V1PodSpec)), {});
}

/** Why `wanted` does not fit on a node beside `used`; undefined = it does. A resource that the node does not have is not there. */
export function lacking(node: V1Node, used: Amounts, wanted: Amounts): string | undefined {
  for (const [name, amount] of Object.entries(wanted)) {
    if (amount <= 0) continue;
    const given = node.status?.allocatable?.[name];
    const has = given === undefined ? 0 : (quantity(given) ?? 0);
    const free = has - (used[name] ?? 0);
    if (free + 1e-9 < amount)
      return `too little ${name}: ${shown(name, amount)} wanted, ${shown(name, Math.max(0, free))} free of ${shown(name, has)}`;
  }
  return undefined;
}

function add(total: Record<string, number>, more: Readonly<Record<string, string>> | undefined): void {
  // An unreadable quantity cannot come from an API server; counted as endless it fits nowhere.
  for (const [name, text] of Object.entries(more ?? {})) total[name] = (total[name] ?? 0) + (quantity(text) ?? Infinity);
}

function shown(name: string, amount: number): string {
  if (name === 'cpu') return `${Math.round(amount * 1000)}m`;
  return /memory|storage/.test(name) ? `${Math.round(amount / 2 ** 20)}Mi` : `${amount}`;
}
