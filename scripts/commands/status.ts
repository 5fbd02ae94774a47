import { summariseDecision } from '../../domain/explain.ts';
import type { Store } from '../../connectors/store/types.ts';
import type { Cluster } from '../../connectors/ports.ts';
import { breakerOf, breakerSentence, type BreakerState } from '../../domain/breaker.ts';
import { isEnabled } from '../../domain/enabled.ts';
import type { FleetRow, Placement } from '../../domain/records.ts';
import { errorText } from './error-text.ts';

export interface AppStatus {
  readonly app: string;
  readonly site?: string;
  readonly mode: string;
  readonly state: string;
  readonly model?: string;
  readonly decision?: string;
  readonly lookMs?: number;
}

/** One line per app: where it is, what it may do, what the last look said of it. Reads the store and the cluster, wakes no workflow. */
export async function statusOf(store: Store, cluster: Cluster | undefined): Promise<{ fleet: string; look?: string; apps: AppStatus[] }> {
  const applied = await store.config();
  if (!applied) return { fleet: 'no configuration is applied', apps: [] };
  const names = Object.keys(applied.config.apps);
  const [fleet, controllers, ends, placements, champions, last] = await Promise.all([
    store.fleet(),
    store.controllers(),
    store.endedMoves(applied.config.breaker.last),
    seen(cluster, names),
    store.champions(),
    store.lastLook(),
  ]);
  const breaker = breakerOf(ends, applied.config.breaker, { nowMs: Date.now(), ...(fleet?.reset && { resetMs: fleet.reset.atMs }) });
  const decisions = new Map(
    (await store.decisions({ limit: names.length, ...(last && { fromMs: last.lookMs, toMs: last.lookMs }) })).map((d) => [d.app, d]),
  );
  const apps = names.map((app) => {
    const spec = applied.config.apps[app];
    const controller = controllers.find((c) => c.app === app);
    const champion = champions.find((c) => c.key === (spec?.model ?? app));
    const decision = decisions.get(app);
    const site = placements.find((p) => p.app === app)?.site;
    return {
      app,
      mode: applied.config.policies[spec?.policy ?? '']?.mode ?? 'recommend',
      state: isEnabled(applied.config, app) ? stateOf(controller) : 'off',
      ...(site !== undefined && { site }),
      ...(champion && { model: `${champion.key}@${champion.version} (${champion.servedBy})` }),
      ...(decision && { decision: summariseDecision(decision), lookMs: decision.lookMs }),
    };
  });
  return {
    fleet: applied.config.enabled === false ? 'turned off (enabled: false)' : fleetOf(fleet, breaker),
    ...(last && { look: `${new Date(last.lookMs).toISOString()}, ${((Date.now() - last.lookMs) / 1000).toFixed(0)} s ago` }),
    apps,
  };
}

/** Where the apps are; of a cluster that does not answer nothing is known, and the rest is shown all the same. */
async function seen(cluster: Cluster | undefined, names: readonly string[]): Promise<readonly Placement[]> {
  try {
    return (await cluster?.placements(names)) ?? [];
  } catch (error) {
    process.stderr.write(`where the apps are cannot be told: ${errorText(error)}\n`);
    return [];
  }
}

/** What is said of the fleet as a whole, the strictest first. */
function fleetOf(fleet: FleetRow | undefined, breaker: BreakerState): string {
  const lines = [
    ...(fleet?.frozen ? [`frozen by ${fleet.frozen.by}: ${fleet.frozen.reason}`] : []),
    ...(fleet?.pause ? [`paused by ${fleet.pause.by}: ${fleet.pause.reason}`] : []),
    ...(breaker.open ? [breakerSentence(breaker)] : []),
    ...(fleet?.excluded ?? []).map((s) => `${s.site} excluded by ${s.by}: ${s.reason}`),
  ];
  return lines.length === 0 ? 'running' : lines.join('; ');
}

function stateOf(controller: Awaited<ReturnType<Store['controllers']>>[number] | undefined): string {
  if (!controller) return 'watching';
  if (controller.held !== undefined) return `held: ${controller.held}`;
  if (controller.pause) return `paused by ${controller.pause.by}: ${controller.pause.reason}`;
  if (controller.frozen) return `frozen by ${controller.frozen.by}: ${controller.frozen.reason}`;
  if (controller.override) return `overridden to ${controller.override.site} by ${controller.override.by}`;
  if (controller.moving !== undefined) return `moving (${controller.moving})`;
  return controller.approval ? `${controller.approval.to} waits for an approval` : 'watching';
}

/** Columns as wide as their widest cell, for a terminal. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => (r[i] ?? '').length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((c, i) => c.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((w) => '-'.repeat(w))), ...rows.map(line)].join('\n');
}
