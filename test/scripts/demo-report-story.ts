import type { NeighbourSpan } from '../../connectors/local/neighbours.ts';
import type { SecondRow } from '../../connectors/local/latency.ts';
import type { DemoMove, DemoResult, DemoStory, PolicyName } from '../../scripts/demo/result.ts';

/** 2026-01-15 12:03:00 UTC. */
export const FROM_MS = Date.UTC(2026, 0, 15, 12, 3, 0);
const SITES = ['site-0', 'site-1'];

/** The numbers of a linear congruential generator, so that a story is the same on every machine. */
function chanceFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Neighbours wander as in the demo: 3 s warm, 7 s hot, 1 s gap, then the other site. */
function neighboursUntil(lengthS: number): NeighbourSpan[] {
  const spans: NeighbourSpan[] = [];
  for (let atS = 0, turn = 0; atS < lengthS; atS += 11, turn++) {
    const site = SITES[turn % 2] ?? '';
    const span = (phase: NeighbourSpan['phase'], fromS: number, toS: number, burners: number) =>
      spans.push({ site, phase, fromMs: FROM_MS + 1000 * (atS + fromS), toMs: FROM_MS + 1000 * (atS + toS), burners });
    span('warm', 0, 3, 1);
    span('hot', 3, 10, 3);
    span('gap', 10, 11, 0);
  }
  return spans;
}

interface World {
  readonly neighbours: readonly NeighbourSpan[];
  readonly switches: DemoStory['switches'];
}

function burdenAt({ neighbours }: World, site: string, atMs: number): number {
  const span = neighbours.find((one) => one.site === site && one.fromMs <= atMs && one.toMs > atMs);
  return span?.phase === 'hot' ? 3 : span?.phase === 'warm' ? 0.4 : 0;
}

function siteAt({ switches }: World, app: string, atMs: number): string {
  const last = switches.filter((one) => one.app === app && one.atMs <= atMs).at(-1);
  return last?.to ?? 'site-0';
}

/** berth leaves 1 s after a neighbour starts to warm up, reactive 3 s after it became hot, held never. */
function switchesFor(neighbours: readonly NeighbourSpan[], comparedFromMs: number, toMs: number): DemoStory['switches'] {
  const other = (site: string) => (site === 'site-0' ? 'site-1' : 'site-0');
  const visits = [9000, 18_000, 27_000, 36_000].map((ms, i) => ({
    app: 'berth',
    from: SITES[i % 2] ?? '',
    to: SITES[(i + 1) % 2] ?? '',
    atMs: FROM_MS + ms,
  }));
  const moves = neighbours.flatMap((span) => {
    if (span.fromMs < comparedFromMs || span.phase === 'gap') return [];
    const warm = span.phase === 'warm';
    return [{ app: warm ? 'berth' : 'reactive', from: span.site, to: other(span.site), atMs: span.fromMs + (warm ? 1000 : 3000) }];
  });
  const where: Record<string, string> = { berth: 'site-0', reactive: 'site-0' };
  const real = [...visits, ...moves].filter((one) => {
    if (where[one.app] !== one.from || one.atMs > toMs) return false;
    where[one.app] = one.to;
    return true;
  });
  return real.sort((a, b) => a.atMs - b.atMs);
}

function latencyOf(app: PolicyName, world: World, lengthS: number): SecondRow[] {
  const chance = chanceFrom(app.length * 7919);
  const rows: SecondRow[] = [];
  for (let s = 0; s < lengthS; s++) {
    const atMs = FROM_MS + 1000 * s;
    if (app === 'held' && s >= 70 && s < 73) continue;
    const p50Ms = 8.4 * (1 + 1.9 * burdenAt(world, siteAt(world, app, atMs), atMs)) * Math.exp(0.25 * (chance() - 0.5));
    rows.push({ atMs, n: 20, p50Ms, p95Ms: p50Ms * 2, shareOverBound: p50Ms > 30 ? 0.8 : 0.02 });
  }
  return rows;
}

const scoreAt = (world: World, site: string, atMs: number): number =>
  [0.93, 0.78, 0.22][[0, 0.4, 3].indexOf(burdenAt(world, site, atMs))] ?? 0.5;
const unit = (score: number): number => Math.min(1, Math.max(0, score));

/** A demo of `lengthS` seconds in which berth runs from its neighbours in time. */
export function makeStory(lengthS = 135): DemoStory {
  const neighbours = neighboursUntil(lengthS);
  const comparedFromMs = FROM_MS + 1000 * Math.floor(lengthS * 0.4);
  const world: World = { neighbours, switches: switchesFor(neighbours, comparedFromMs, FROM_MS + 1000 * lengthS) };
  const chance = chanceFrom(4711);
  const predicted: { site: string; atMs: number; p50: number }[] = [];
  const outcomes: { app: string; site: string; atMs: number; p10: number; p50: number; p90: number; actual: number }[] = [];
  for (let atMs = comparedFromMs; atMs < FROM_MS + 1000 * lengthS; atMs += 1000) {
    for (const site of SITES) {
      const p50 = unit(scoreAt(world, site, atMs - 700) + 0.12 * (chance() - 0.5));
      predicted.push({ site, atMs, p50 });
      if (siteAt(world, 'berth', atMs) !== site) continue;
      const actual = unit(scoreAt(world, site, atMs) + 0.16 * (chance() - 0.5));
      outcomes.push({ app: 'berth', site, atMs, p10: unit(p50 - 0.13), p50, p90: unit(p50 + 0.1), actual });
    }
  }
  const latency = {
    held: latencyOf('held', world, lengthS),
    reactive: latencyOf('reactive', world, lengthS),
    berth: latencyOf('berth', world, lengthS),
  };
  return { fromMs: FROM_MS, comparedFromMs, toMs: FROM_MS + 1000 * lengthS, sites: SITES, latency, ...world, outcomes, predicted };
}

function movesOf(story: DemoStory): DemoMove[] {
  return story.switches
    .filter((one) => one.atMs >= story.comparedFromMs)
    .map((one, i) => ({
      app: one.app,
      from: one.from,
      to: one.to,
      at: new Date(one.atMs).toISOString(),
      end: 'done',
      failedRequests: 0,
      reason:
        one.app === 'berth' ? `the score at ${one.from} falls within 4 s: ${one.to} is better` : `${one.to} is better now by the rule`,
      predictedGain: 0.4 + i / 100,
      realisedGain: i % 5 === 4 ? -0.07 : 0.31 + i / 100,
      seconds: 2.6 + i / 10,
    }));
}

export function makeResult(story: DemoStory): DemoResult {
  const moves = movesOf(story);
  const by = (app: PolicyName) => moves.filter((one) => one.app === app).length;
  return {
    seconds: 141.3,
    setupSeconds: 6.7,
    sites: 'cores',
    sitesReason: 'two free cores: 0 and 1',
    boundMs: 30,
    requests: { sent: 8123, failed: 0, timedOut: 0, shed: 0 },
    moves,
    looks: 83,
    decisions: 249,
    predictions: 498,
    model: {
      name: 'boosting',
      skill: 0.317,
      baseline: 'window-mean',
      servedBy: 'model',
      said: 'On visits it had not seen, boosting makes 31.7 % less error than window-mean.',
    },
    policies: {
      held: { p50Ms: 11.3, p95Ms: 61.8, shareOverBound: 0.2436, moves: by('held') },
      reactive: { p50Ms: 10.4, p95Ms: 54.2, shareOverBound: 0.1587, moves: by('reactive') },
      berth: { p50Ms: 9.1, p95Ms: 23.9, shareOverBound: 0.0412, moves: by('berth') },
    },
    workflows: {
      profileApp: { completed: 1, failed: 0, running: 0 },
      trainModel: { completed: 1, failed: 0, running: 0 },
      promoteModel: { completed: 1, failed: 0, running: 0 },
      predictQos: { completed: 83, failed: 0, running: 0 },
      placementController: { completed: 2, failed: 0, running: 3 },
      migrateApp: { completed: moves.length, failed: 0, running: 0 },
      watchFleet: { completed: 0, failed: 0, running: 1 },
    },
    replayed: 101,
    machine: '4 cores of Example CPU at 3.0 GHz, 16 GiB, Node v20.20.2, linux',
    commit: '78255b3',
  };
}
