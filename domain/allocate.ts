import type { Budgets } from './config.ts';
import { isForced } from './decide.ts';
import type { Decision, GateResult } from './decision.ts';
import { ruling } from './gates/context.ts';
import type { Claim, Placement } from './records.ts';

export interface AllocateInput {
  /** One per app. */
  readonly decisions: readonly Decision[];
  /** Moves under way; each counts until its end is recorded. */
  readonly claims: readonly Pick<Claim, 'app' | 'from' | 'to'>[];
  readonly budgets: Budgets;
  /** Namespace of each app, of those with claims too; absent: `default`. */
  readonly namespaces: ReadonlyMap<string, string>;
  /** `maxApps` of the sites that have one. */
  readonly capacity: ReadonlyMap<string, number>;
  readonly placements: readonly Placement[];
}

/**
 * Plans the fleet's moves so that apps do not pile up: overrides first, then by gain, each within the fleet, namespace, source and destination
 * budgets and the destination's headroom left by open claims and by the moves admitted before it. What does not fit holds with reason `budget`.
 * A departure frees nothing until it has happened. A plan reserves nothing: the claim admits. Order and all other decisions are kept.
 */
export function allocate(input: AllocateInput): readonly Decision[] {
  const use = useOf(input);
  const admitted = new Map<Decision, Decision>();
  for (const move of inOrder(input.decisions)) admitted.set(move, admit(input, use, move));
  return input.decisions.map((d) => admitted.get(d) ?? d);
}

interface Use {
  fleet: number;
  readonly namespace: Map<string, number>;
  readonly source: Map<string, number>;
  readonly destination: Map<string, number>;
  /** Apps that are, may be or will be on a site. */
  readonly apps: Map<string, number>;
  readonly moving: Set<string>;
  /** Apps that could not be found: each may be anywhere. */
  readonly lost: number;
}

function useOf({ claims, namespaces, placements }: AllocateInput): Use {
  const at = new Map(placements.map((p) => [p.app, p.site]));
  const lost = placements.filter((p) => p.site === undefined).length;
  const use: Use = { fleet: 0, namespace: new Map(), source: new Map(), destination: new Map(), apps: new Map(), moving: new Set(), lost };
  for (const { site } of placements) if (site !== undefined) add(use.apps, site);
  for (const { app, from, to } of claims) {
    take(use, { app, from, to }, namespaces);
    // Once it is seen there, it is counted there already.
    if (at.get(app) === to) add(use.apps, to, -1);
  }
  return use;
}

function take(use: Use, { app, from, to }: { app: string; from: string; to: string }, namespaces: ReadonlyMap<string, string>): void {
  use.fleet++;
  add(use.namespace, namespaces.get(app) ?? 'default');
  add(use.source, from);
  add(use.destination, to);
  add(use.apps, to);
  use.moving.add(app);
}

function inOrder(decisions: readonly Decision[]): readonly Decision[] {
  const rank = (d: Decision) => (isForced(d) ? Infinity : (d.gain ?? 0));
  const byName = (a: Decision, b: Decision) => (a.app < b.app ? -1 : 1);
  return decisions.filter((d) => d.verdict === 'move').sort((a, b) => (rank(a) === rank(b) ? byName(a, b) : rank(b) - rank(a)));
}

function admit({ budgets, namespaces, capacity }: AllocateInput, use: Use, move: Decision): Decision {
  const { app, from, to } = move;
  if (from === undefined || to === undefined) throw new RangeError(`decision ${move.id} is a move without from or to`);
  const namespace = use.namespace.get(namespaces.get(app) ?? 'default') ?? 0;
  const source = use.source.get(from) ?? 0;
  const destination = use.destination.get(to) ?? 0;
  const limit = capacity.get(to);
  const headroom = limit === undefined ? undefined : limit - (use.apps.get(to) ?? 0) - use.lost;
  const open = use.moving.has(app);
  const pass =
    !open &&
    use.fleet < budgets.fleet &&
    namespace < budgets.namespace &&
    source < budgets.source &&
    destination < budgets.destination &&
    (headroom === undefined || headroom > 0);
  const { numbers } = ruling(
    'budget',
    { pass, effect: 'hold' },
    {
      fleet: use.fleet,
      fleetLimit: budgets.fleet,
      namespace,
      namespaceLimit: budgets.namespace,
      source,
      sourceLimit: budgets.source,
      destination,
      destinationLimit: budgets.destination,
      headroom,
      open: open ? 1 : 0,
    },
  );
  if (pass) take(use, { app, from, to }, namespaces);
  const gates = move.gates.map((g) => (g.gate === 'budget' ? ({ gate: 'budget', pass, numbers } satisfies GateResult) : g));
  return pass ? { ...move, gates } : { ...move, verdict: 'hold', reason: 'budget', gates };
}

function add(counts: Map<string, number>, key: string, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
