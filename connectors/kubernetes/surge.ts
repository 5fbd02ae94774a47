import type { V1DeploymentStrategy, V1PodDisruptionBudget } from '@kubernetes/client-node';

import type { KubernetesApp } from '../../domain/kubernetes-config.ts';
import { selects } from './fits/selectors.ts';
import type { View, Workload } from './view.ts';
import { replicasOf } from './workload.ts';

/** The strategy under which a new pod is ready before an old one goes. */
export const SURGE: V1DeploymentStrategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };

/** Why a rollout of this workload would take away more than it may; undefined = it does not. A change of the template asks no budget, so we do. */
export function surgeRefusal(workload: Workload, at: KubernetesApp, view: Pick<View, 'budgets'>): string | undefined {
  const gone = mostUnavailable(workload, at);
  const replicas = replicasOf(workload);
  if (gone >= replicas && !at.allowDowntime) return `${cannotSurge(workload, at)}; allowDowntime is not set`;
  const left = Math.max(0, replicas - gone);
  for (const budget of budgetsOf(workload, at, view.budgets)) {
    const { desiredHealthy } = budget.status ?? {};
    const name = budget.metadata?.name ?? '';
    if (desiredHealthy === undefined) return `what the budget ${name} allows is not known yet`;
    if (gone > 0 && left < desiredHealthy)
      return `its rollout may leave ${left} of ${replicas} pods, the budget ${name} wants ${desiredHealthy}`;
  }
  return undefined;
}

/** Whether all its pods may be gone before the first new one is ready. */
export const letsGoFirst = (workload: Workload, at: KubernetesApp) =>
  at.allowDowntime && mostUnavailable(workload, at) >= replicasOf(workload);

function mostUnavailable(workload: Workload, at: KubernetesApp): number {
  const replicas = replicasOf(workload);
  // A StatefulSet ends each pod before it starts its successor.
  if (at.kind === 'StatefulSet') return 1;
  if (at.surge === 'patch') return 0;
  const strategy = strategyOf(workload);
  if (strategy?.type === 'Recreate') return replicas;
  const surge = absolute(strategy?.rollingUpdate?.maxSurge ?? '25%', replicas, Math.ceil);
  const unavailable = absolute(strategy?.rollingUpdate?.maxUnavailable ?? '25%', replicas, Math.floor);
  // As the controller: with neither, one may go, or nothing would ever move.
  return surge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, replicas);
}

function absolute(value: number | string, replicas: number, round: (n: number) => number): number {
  const text = `${value}`;
  return text.endsWith('%') ? round((Number(text.slice(0, -1)) / 100) * replicas) : Number(text);
}

const strategyOf = (workload: Workload) => (workload.spec as { strategy?: V1DeploymentStrategy } | undefined)?.strategy;

function cannotSurge(workload: Workload, at: KubernetesApp): string {
  if (at.kind === 'StatefulSet') return 'a StatefulSet with one replica serves nothing while it moves';
  return strategyOf(workload)?.type === 'Recreate'
    ? 'its strategy Recreate ends every pod before the first new one starts'
    : 'its strategy may end every pod before a new one is ready';
}

const budgetsOf = (workload: Workload, at: KubernetesApp, budgets: readonly V1PodDisruptionBudget[]) =>
  budgets.filter(
    ({ metadata, spec }) => metadata?.namespace === at.namespace && selects(spec?.selector, workload.spec?.template.metadata?.labels),
  );
