import type { Config } from '../config.ts';
import type { DecideInput } from '../decide-input.ts';
import type { Candidate, Decision, Gate } from '../decision.ts';
import type { MoveRecord } from '../move-record.ts';
import { movesSoFar } from '../moves-so-far.ts';
import type { Approval, ControllerRow, EvidenceRow, PredictionRow } from '../records.ts';

export interface Recorded {
  readonly decision: Decision;
  /** The row the decision was made from; absent: there was none. */
  readonly prediction?: PredictionRow;
  /** Configuration of the look. */
  readonly config: Config;
  /** Moves that had ended by then, newest first. */
  readonly moves: readonly MoveRecord[];
  /** Policy to decide with; absent: the app's own of that configuration. */
  readonly policy?: DecideInput['policy'];
}

/**
 * What `decide` saw, put together again from a decision, its prediction and its configuration, but for the looks before. Undefined when the
 * configuration does not know the app. What the record keeps only as an outcome stays as it was judged: pauses, refusals, quarantines, cool-downs, and
 * of the evidence its error and the trust it came to.
 */
export function recordedInput({ decision, prediction, config, moves, policy }: Recorded): Omit<DecideInput, 'past'> | undefined {
  const spec = config.apps[decision.app];
  const own = spec && config.policies[spec.policy];
  const objective = spec && config.objectives[spec.objective];
  if (!spec || !own || !objective) return undefined;
  const { app, lookMs } = decision;
  const numbers = numbersOf(decision);
  const lateS = numbers('fresh', 'lateS') ?? 0;
  const gapS = numbers('observe', 'gapS');
  const nowMs = lookMs + msOf(lateS);
  const used = policy ?? own;
  return {
    app,
    spec,
    policy: used,
    objective,
    policyVersion: decision.policyVersion,
    sites: (spec.sites ?? Object.keys(config.sites)).flatMap((site) => {
      const siteSpec = config.sites[site];
      return siteSpec ? [{ site, spec: siteSpec }] : [];
    }),
    lookMs,
    nowMs,
    intervalS: (numbers('observe', 'limitS') ?? 0) / 2,
    ...(gapS !== undefined && { previousMs: lookMs - msOf(gapS) }),
    recordOnly: numbers('observe', 'recordOnly') === 1,
    placement: {
      app,
      ...(decision.from !== undefined && { site: decision.from }),
      ...(numbers('busy', 'busy') === 1 && { busy: 'as recorded' }),
    },
    refusals: decision.candidates.flatMap(({ site, refusal }) => (refusal === undefined ? [] : [{ site, refusal }])),
    ...(prediction && { prediction }),
    evidence: decision.candidates.flatMap((c) =>
      evidenceOf(c, { app, policy: own, nowMs, ageS: ageOf(c.site, { decision, same: used === own }), ...(prediction && { prediction }) }),
    ),
    ...movesSoFar({ moves, own: moves.filter((m) => m.app === app) }, { policy: used, nowMs, ...(prediction && { prediction }) }),
    controller: controllerOf(decision, nowMs),
    ...fleetOf({ decision, config }, nowMs),
  };
}

const RECORD = 'as recorded';
const SEEN = ['apps', 'appsSeen', 'sites', 'sitesSeen'] as const;

function fleetOf(
  { decision, config }: Pick<Recorded, 'decision' | 'config'>,
  nowMs: number,
): Pick<DecideInput, 'fleet' | 'breaker' | 'sight'> {
  const numbers = numbersOf(decision);
  const said = { by: RECORD, reason: RECORD, ...until(nowMs, numbers('freeze', 'leftS')) };
  const [moves, reverts, limit] = [numbers('breaker', 'moves'), numbers('breaker', 'reverts'), numbers('breaker', 'limit')];
  return {
    fleet: {
      seq: 0,
      paused: numbers('freeze', 'fleetPaused') === 1,
      pause: said,
      ...(numbers('freeze', 'fleetFrozen') === 1 && { frozen: said }),
    },
    ...(moves !== undefined &&
      reverts !== undefined &&
      limit !== undefined && { breaker: { open: numbers('breaker', 'open') === 1, moves, reverts, limit } }),
    ...sightOf(numbers, config.blind.above),
  };
}

/** The limit of the configuration: the one in the record has lost digits, and may stand exactly on the edge. */
function sightOf(numbers: ReturnType<typeof numbersOf>, limit: number): Pick<DecideInput, 'sight'> {
  const [apps, appsSeen, sites, sitesSeen] = SEEN.map((name) => numbers('blind', name));
  if (apps === undefined || appsSeen === undefined || sites === undefined || sitesSeen === undefined) return {};
  return { sight: { apps, appsSeen, sites, sitesSeen, limit } };
}

/** The figures of a decision's gates; undefined = could not be told then. */
function numbersOf({ gates }: Decision): (gate: Gate, name: string) => number | undefined {
  const of = new Map(gates.map((g) => [g.gate, g.numbers]));
  return (gate, name) => of.get(gate)?.[name];
}

function until(nowMs: number, leftS: number | undefined): { untilMs?: number } {
  return leftS === undefined ? {} : { untilMs: nowMs + msOf(leftS) };
}

/**
 * Milliseconds of a figure in seconds: the whole ones that it was made from, where it still tells them. Times lie so far from 1970 that a fraction of a
 * millisecond would come back as another number.
 */
export function msOf(seconds: number): number {
  const whole = Math.round(seconds * 1000);
  return Math.fround(whole / 1000) === Math.fround(seconds) ? whole : seconds * 1000;
}

/**
 * How old evidence was that was provisional while its error was good: the record says it where its age was the reason, of present site and target.
 * Elsewhere it is made so old that it is provisional by any policy. undefined: it was too little, not too old.
 */
function ageOf(site: string, { decision, same }: { decision: Decision; same: boolean }): number | undefined {
  const judged = site === decision.from || site === decision.to;
  return judged && same ? numbersOf(decision)('trust', 'ageS') : AGE_LONG_S;
}

/** Evidence that comes to the recorded trust under the policy of then; another policy judges the error anew. */
function evidenceOf({ site, trust, error }: Candidate, { app, prediction, policy, nowMs, ageS }: EvidenceContext): EvidenceRow[] {
  const { modelKey: key, modelVersion: version } = prediction ?? {};
  if (key === undefined || version === undefined || error === undefined) return [];
  const { samples, maxError } = policy.trust;
  const doubted = trust === 'provisional' && error <= maxError;
  const few = trust === 'insufficient' && error <= 2 * maxError ? 0 : doubted && ageS === undefined ? samples - 1 : undefined;
  return [
    {
      key,
      version,
      app,
      site,
      error,
      coverage: NaN,
      samples: few ?? Math.max(samples, SAMPLES_ENOUGH),
      newestMs: doubted && ageS !== undefined ? nowMs - msOf(ageS) : nowMs,
    },
  ];
}

interface EvidenceContext extends Pick<Recorded, 'prediction'> {
  readonly app: string;
  readonly policy: DecideInput['policy'];
  readonly nowMs: number;
  readonly ageS: number | undefined;
}

/** Beyond what any policy may ask for, so that a verdict on samples or age that was passed once is not passed again by other limits. */
const SAMPLES_ENOUGH = 1e9;
const AGE_LONG_S = 1e8;

function controllerOf(decision: Decision, nowMs: number): ControllerRow {
  const numbers = numbersOf(decision);
  const coolS = numbers('cooldown', 'leftS') ?? 0;
  const forced = numbers('override', 'forced') === 1;
  const targetLeftS = numbers('quarantine', 'leftS') ?? 0;
  return {
    app: decision.app,
    seq: 0,
    paused: numbers('pause', 'paused') === 1,
    pause: { by: RECORD, reason: RECORD, ...until(nowMs, numbers('pause', 'leftS')) },
    ...(forced && {
      override: { site: overrideSite(decision), by: RECORD, reason: RECORD, ...until(nowMs, numbers('override', 'leftS')) },
    }),
    excluded: [],
    ...(numbers('freeze', 'appFrozen') === 1 && { frozen: { by: RECORD, reason: RECORD, ...until(nowMs, numbers('freeze', 'leftS')) } }),
    ...(numbers('approval', 'waiting') === 1 && { approval: waitingOf(decision, nowMs) }),
    ...(coolS > 0 && { coolUntilMs: nowMs + msOf(coolS) }),
    quarantine: decision.candidates.flatMap(({ site, barred }) => {
      const leftS = site === decision.to && targetLeftS > 0 ? targetLeftS : barred === 'quarantined' ? 1 : 0;
      return leftS > 0 ? [{ site, untilMs: nowMs + msOf(leftS) }] : [];
    }),
    ...(numbers('pause', 'held') === 1 && { held: RECORD }),
    ...(numbers('busy', 'moving') === 1 && { moving: RECORD }),
  };
}

function waitingOf({ id, from, to, gain }: Decision, nowMs: number): Approval {
  return { decisionId: id, from: from ?? '', to: to ?? '', gain: gain ?? 0, reason: RECORD, sinceMs: nowMs, expiresMs: nowMs + 1 };
}

/** An override that names a site the app may not run on has no target in the record; any name that is none of its sites stands for it. */
function overrideSite(decision: Decision): string {
  if (numbersOf(decision)('override', 'atTarget') === 1) return decision.from ?? '';
  return decision.to ?? '';
}
