import type { V1Node } from '@kubernetes/client-node';

import type { Access } from './access.ts';
import { withFreshLooks } from './attempts.ts';
import { readSituation, siteKept, takenBy, type Situation } from './situation.ts';
import { nodesOf, siteRefusal } from './sites.ts';
import type { KubernetesSpec } from './spec.ts';
import { write } from './write.ts';

/** How long a pin may outlive its last node, about. */
const EVERY_MS = 10_000;

/** Takes hard pins off nodes that are gone, not ready or cordoned, so that the pods may run elsewhere. Returns the apps it freed. */
export async function liftDeadPins(access: Access, allowed?: ReadonlySet<string>): Promise<readonly string[]> {
  const { client, spec } = await access();
  const apps = [...spec.apps].filter(([app, { how }]) => how !== 'emit' && (allowed?.has(app) ?? true));
  if (apps.length === 0) return [];
  const nodes = await client.list<V1Node>('/api/v1/nodes');
  const dead = new Set([...spec.sites].filter(([site, at]) => siteRefusal(nodesOf(site, at, nodes)) !== undefined).map(([site]) => site));
  if (dead.size === 0) return [];
  const freed: string[] = [];
  for (const [app] of apps) if (await withFreshLooks(() => lift(access, app, dead))) freed.push(app);
  return freed;
}

async function lift(access: Access, app: string, dead: ReadonlySet<string>): Promise<boolean> {
  const { client, spec } = await access();
  const situation = await readSituation(client, spec, app);
  const site = pinnedSite(situation, spec);
  if (site === undefined || !dead.has(site) || !situation.record) return false;
  const { origin } = situation.record;
  const record = { ...situation.record, value: origin.value, strategy: origin.strategy, writes: situation.record.writes + 1 };
  await write(client, spec, situation, { record, decisionId: `lifted/${site}`, site: undefined });
  return true;
}

/** The site that its pods must be on by our doing; a preference keeps no pod from running elsewhere. */
function pinnedSite(situation: Situation, spec: KubernetesSpec): string | undefined {
  const { record } = situation;
  if (!record || record.value === null || record.origin.field === 'preferred') return undefined;
  return takenBy(situation, spec.connector.installation) === undefined ? siteKept(situation) : undefined;
}

export interface PinKeeper {
  stop(): void;
}

/** Lifts dead pins for as long as the process that may write runs. */
export function keepPins(lift: () => Promise<readonly string[]>, say: (message: string, facts: object) => void): PinKeeper {
  let running = false;
  const timer = setInterval(() => {
    if (running) return;
    running = true;
    lift()
      .then(
        (apps) => apps.length > 0 && say('pins on dead nodes are lifted', { apps }),
        (error: unknown) => say('pins could not be looked after', { error: error instanceof Error ? error.message : 'unknown' }),
      )
      .finally(() => (running = false));
  }, EVERY_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
