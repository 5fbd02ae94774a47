import { allocate } from '../allocate.ts';
import { type AppSpec, type Budgets, configSchema, type Objective, type Policy } from '../config.ts';
import type { DecideInput } from '../decide-input.ts';
import { decide } from '../decide.ts';
import type { Decision } from '../decision.ts';
import type { EvidenceRow, PastDecision, PredictionRow } from '../records.ts';
import { type CoolDown, coolDownAfter } from './cool-down.ts';
import { pastDecision } from './replay-records.ts';
import type { ReplayPolicy } from './policy.ts';
import type { Past, Trace } from './trace.ts';
import { type Forecasts, foreseenLevel } from './forecasts.ts';
import { type SiteLevel, siteLevel } from './site-level.ts';

export interface BerthOptions {
  readonly name: string;
  readonly policy: Policy;
  /** The score that is good enough; undefined = none is, every gain counts. */
  readonly slo?: number;
  /** Absent: no limit, because a trace says nothing of how many moves at a time its fleet could take. */
  readonly budgets?: Budgets;
  /** Seconds that a move is known to take; 0 or absent: not known, so it costs nothing. */
  readonly moveCostS?: number;
  /** By trace: what a model foresaw, instead of the level of each site. */
  readonly forecasts?: readonly Forecasts[];
}

/** The plain rule keeps 0 for saturated, which a trace cannot tell. */
const LEAST = 1e-6;
const VERSION = 1;
const UNLIMITED: Budgets = { fleet: Infinity, namespace: Infinity, source: Infinity, destination: Infinity };

/**
 * berth itself: its own `decide` and allocator, every gate as live, mode automatic. It expects of each site its
 * level (see site-level.ts), with the interval and error that had on that trace up to now. A move takes place at once and succeeds, then the app cools down as live.
 */
export function berthPolicy(traces: readonly Trace[], options: BerthOptions): ReplayPolicy {
  const apps = traces.map((trace, i) => appState(trace, { ...options, ...(options.forecasts?.[i] && { own: options.forecasts[i] }) }));
  const budgets = options.budgets ?? UNLIMITED;
  return {
    name: options.name,
    decide(pasts, here) {
      const decisions = apps.map((app, i) => app.look(pasts[i] as Past, here[i] ?? 0));
      const placements = apps.map(({ app, sites }, i) => ({ app, site: sites[here[i] ?? 0] ?? '' }));
      const allocated = allocate({ decisions, claims: [], budgets, namespaces: new Map(), capacity: new Map(), placements });
      return allocated.map((decision, i) => (apps[i] as AppState).book(decision, here[i] ?? 0));
    },
  };
}

interface AppState {
  readonly app: string;
  readonly sites: readonly string[];
  look(past: Past, here: number): Decision;
  /** Remembers what was decided; returns where the app is from then on. */
  book(decision: Decision, here: number): number;
}

function appState(trace: Trace, options: BerthOptions & { readonly own?: Forecasts }): AppState {
  const policy: Policy = { ...options.policy, mode: 'automatic' };
  const fixed = fixedInput(trace, { ...options, policy });
  const { own } = options;
  const levels = trace.sites.map((_, site) =>
    own ? foreseenLevel(own, { site, sites: trace.sites.length, everyMs: trace.everyMs }) : siteLevel(),
  );
  const usual = trace.sites.map(() => ({ windows: 0, samples: 0 }));
  const keep = policy.sustained.of - 1;
  const source = sourceOf(trace, { ...options, policy });
  let past: readonly PastDecision[] = [];
  let cool: CoolDown | undefined;
  return {
    app: trace.app,
    sites: trace.sites,
    look(known, here) {
      if (known.now > 0) learn(known, { levels, usual });
      const lookMs = trace.fromMs + known.now * trace.everyMs;
      return decide({
        ...fixed,
        lookMs,
        nowMs: lookMs,
        ...(known.now > 0 && {
          previousMs: lookMs - trace.everyMs,
          prediction: predictionOf(trace, known, { here, levels, usual, ...source }),
        }),
        placement: { app: trace.app, site: trace.sites[here] ?? '' },
        evidence: evidenceOf(trace, { levels, policy, lookMs }),
        past,
        ...(cool && { controller: { app: trace.app, seq: 1, paused: false, excluded: [], quarantine: [], coolUntilMs: cool.untilMs } }),
      });
    },
    book(decision, here) {
      past = [pastDecision(decision), ...past].slice(0, keep);
      if (decision.verdict !== 'move') return here;
      cool = coolDownAfter(cool, policy, decision.lookMs);
      return trace.sites.indexOf(decision.to ?? '');
    },
  };
}

interface Usual {
  windows: number;
  samples: number;
}
interface Learned {
  readonly levels: readonly SiteLevel[];
  /** Windows with samples, and their samples. */
  readonly usual: readonly Usual[];
}

/** Takes in the window that has just ended. */
function learn(past: Past, { levels, usual }: Learned): void {
  past.sites.forEach((_, site) => {
    levels[site]?.push(past.score(past.now - 1, site));
    const samples = past.samples(past.now - 1, site);
    const own = usual[site];
    if (!own || samples === 0) return;
    own.windows++;
    own.samples += samples;
  });
}

type FixedInput = Pick<
  DecideInput,
  'app' | 'spec' | 'policy' | 'objective' | 'policyVersion' | 'sites' | 'intervalS' | 'recordOnly' | 'refusals' | 'moveS'
>;

function fixedInput(trace: Trace, { policy, slo, moveCostS = 0 }: Pick<BerthOptions, 'policy' | 'slo' | 'moveCostS'>): FixedInput {
  const config = configSchema.parse({
    version: 1,
    sites: Object.fromEntries(trace.sites.map((site, i) => [`s${i}`, {}])),
    objectives: { trace: { kpis: [{ name: 'qos', unit: 'score', better: 'higher', best: 1, worst: 0 }], slo: slo ?? 1 } },
    policies: { trace: {} },
    apps: { trace: { objective: 'trace', policy: 'trace' } },
  });
  return {
    app: trace.app,
    spec: config.apps['trace'] as AppSpec,
    policy,
    objective: config.objectives['trace'] as Objective,
    policyVersion: VERSION,
    sites: trace.sites.map((site, i) => ({ site, spec: config.sites[`s${i}`] as DecideInput['sites'][number]['spec'] })),
    intervalS: trace.everyMs / 1000,
    recordOnly: false,
    refusals: [],
    ...(moveCostS > 0 && { moveS: new Map(trace.sites.map((site) => [site, moveCostS])) }),
  };
}

type Source = Pick<PredictionRow, 'predictor' | 'horizonMs'>;

/** A level is expected to last, so it reaches as far as a window or a move does; a forecast reaches to its horizon and not beyond. */
function sourceOf({ everyMs }: Trace, { policy, own, moveCostS = 0 }: { policy: Policy; own?: Forecasts; moveCostS?: number }): Source {
  if (own && policy.predictor !== 'rule') return { predictor: 'model', horizonMs: own.horizonS * 1000 };
  return { predictor: policy.predictor === 'rule' ? 'rule' : 'baseline', horizonMs: Math.max(everyMs, moveCostS * 1000) };
}

function predictionOf(
  trace: Trace,
  past: Past,
  { here, levels, usual, predictor, horizonMs }: Learned & Source & { here: number },
): PredictionRow {
  const n = trace.sites.length;
  const last = past.now - 1;
  const q = new Float32Array(n * 3).fill(NaN);
  const rule = new Float32Array(n).fill(NaN);
  const ageS = new Float32Array(n);
  const complete = new Float32Array(n);
  for (let site = 0; site < n; site++) {
    const score = past.score(last, site);
    const own = usual[site];
    complete[site] = own && own.samples > 0 ? Math.min(1, (past.samples(last, site) * own.windows) / own.samples) : 0;
    ageS[site] = Number.isNaN(score) ? NaN : 0;
    if (Number.isNaN(score)) continue;
    rule[site] = Math.max(LEAST, score);
    const expected = levels[site]?.expectation();
    if (expected) q.set([expected.p10, expected.p50, expected.p90], site * 3);
  }
  return {
    app: trace.app,
    modelKey: trace.app,
    modelVersion: VERSION,
    predictor,
    sites: trace.sites,
    q,
    rule,
    ageS,
    appAgeS: ageS[here] ?? NaN,
    complete,
    appComplete: complete[here] ?? NaN,
    placed: trace.sites[here] ?? '',
    horizonMs,
  };
}

/** A level is not learned elsewhere, so there are no samples to wait for; what it gets wrong is measured. */
function evidenceOf(
  trace: Trace,
  { levels, policy, lookMs }: Pick<Learned, 'levels'> & { policy: Policy; lookMs: number },
): readonly EvidenceRow[] {
  return trace.sites.map((site, i) => ({
    key: trace.app,
    version: VERSION,
    app: trace.app,
    site,
    samples: policy.trust.samples,
    newestMs: lookMs,
    error: levels[i]?.expectation()?.error ?? NaN,
    coverage: NaN,
  }));
}
