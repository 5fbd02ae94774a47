import type { Barrier, Candidate, Decision, GateResult } from './decision.ts';
import { digits, failedSentence, secondsText } from './gate-sentences.ts';
import { safeText } from './safe-text.ts';

export const BARRED: Readonly<Record<Barrier, string>> = {
  'no-prediction': 'there is no prediction of it',
  absurd: 'its prediction cannot be true',
  stale: 'its newest samples are too old',
  late: 'its prediction came too late for the time it is for',
  incomplete: 'too many of its samples are missing',
  quarantined: 'a move there went wrong a short time ago',
};

/**
 * Why the app was moved, recommended to move, kept or not decided upon, and why not each other site: plain sentences with the figures, made from
 * the record alone. Text of people and systems in it is capped and escaped.
 */
export function explainDecision(decision: Decision): string[] {
  const failed = decision.gates.filter((g) => !g.pass);
  const first = failed.find((g) => g.gate === reasonGate(decision));
  const overruled = decision.verdict === 'move';
  return [
    headline(decision),
    ...(first ? [`Because ${failedSentence(first)}.`] : []),
    ...failed.filter((g) => g !== first && saysSomething(g)).map((g) => `${overruled ? 'Overruled' : 'Also'}: ${failedSentence(g)}.`),
    ...decision.candidates
      .filter((c) => !c.current)
      .filter((c) => !isChosen(decision, c))
      .map((c) => `Not ${safeText(c.site)}: ${whyNot(decision, c)}.`),
    basis(decision),
  ];
}

/** One line for the web UI and the terminal: "site-1 will score 0.31 against 0.86 on site-0 in 4 s: move". */
export function summariseDecision(decision: Decision): string {
  const { from, to, verdict, reason } = decision;
  const [here, there] = [candidateAt(decision, from)?.qos, candidateAt(decision, to)?.qos];
  const outcome = reason === 'ok' ? verdict : `${verdict} (${reason})`;
  if (from === undefined) return `could not tell where the app is: ${outcome}`;
  if (!here) return `the QoS on ${safeText(from)} is unknown: ${outcome}`;
  const against = there && to !== undefined ? ` against ${digits(there.p50, 2)} on ${safeText(to)}` : '';
  return `${safeText(from)} ${scores(decision)} ${digits(here.p50, 2)}${against} ${when(decision)}: ${outcome}`;
}

function headline(decision: Decision): string {
  const { app, verdict, from, to } = decision;
  const here = from === undefined ? 'an unknown site' : safeText(from);
  const figures = `${expectation(decision, from)}${to === undefined ? '' : `, ${expectation(decision, to)}`}`;
  switch (verdict) {
    case 'move':
      return `${app} moves from ${here} to ${safeText(to ?? '')}: ${figures}.`;
    case 'recommend':
      return `${app} should move from ${here} to ${safeText(to ?? '')}: ${figures}.`;
    case 'stay':
      return `${app} stays on ${here}: ${figures}.`;
    case 'hold':
      return `${app} is left on ${here} without a decision: ${figures}.`;
  }
}

function expectation(decision: Decision, site: string | undefined): string {
  if (site === undefined) return 'nothing is known of it';
  const qos = candidateAt(decision, site)?.qos;
  if (!qos) return `the QoS on ${safeText(site)} is unknown`;
  return `${safeText(site)} ${scores(decision)} ${digits(qos.p50, 2)} (${digits(qos.p10, 2)} to ${digits(qos.p90, 2)}) ${when(decision)}`;
}

function whyNot(decision: Decision, c: Candidate): string {
  if (c.refusal !== undefined) return safeText(c.refusal);
  if (c.barred) return BARRED[c.barred];
  if (c.trust === 'insufficient') return 'there is too little evidence of the model there';
  if (c.rule === 0) return 'what is observed now calls it saturated';
  const qos = c.qos;
  const [here, there] = [candidateAt(decision, decision.from)?.qos, candidateAt(decision, decision.to)?.qos];
  if (!qos) return BARRED['no-prediction'];
  if (here && qos.p50 <= here.p50)
    return `it ${scores(decision)} ${digits(qos.p50, 2)}, no more than the present site's ${digits(here.p50, 2)}`;
  if (c.site === decision.to) return `it ${scores(decision)} ${digits(qos.p50, 2)}; what keeps the app from it is said above`;
  if (c.trust === 'provisional') return `it ${scores(decision)} ${digits(qos.p50, 2)}, but the evidence there is only provisional`;
  return `it ${scores(decision)} ${digits(qos.p50, 2)}${there ? `, ${safeText(decision.to ?? '')} ${digits(there.p50, 2)}` : ''}`;
}

function basis({ predictor, modelVersion, policyVersion, lookMs }: Decision): string {
  const by =
    predictor === 'none'
      ? 'nothing: no model serves this app'
      : predictor === 'rule'
        ? 'the plain rule'
        : `${predictor} version ${digits(modelVersion, 0)}`;
  return `Predicted by ${by}; policy version ${policyVersion}; look of ${new Date(lookMs).toISOString()}.`;
}

function candidateAt(decision: Decision, site: string | undefined): Candidate | undefined {
  return decision.candidates.find((c) => c.site === site);
}

function isChosen(decision: Decision, c: Candidate): boolean {
  return c.site === decision.to && (decision.verdict === 'move' || decision.verdict === 'recommend');
}

/** The gate that a decision's reason names; undefined: none stood in the way, or nothing is gained at all. */
export function reasonGate({ reason, gates }: Decision): GateResult['gate'] | undefined {
  if (reason === 'ok') return undefined;
  if (reason !== 'no-better-site') return reason;
  return gates.find((g) => !g.pass && (g.gate === 'feasible' || g.gate === 'gain'))?.gate;
}

/** A gate that failed for want of any figure repeats what another gate has said. */
function saysSomething(g: GateResult): boolean {
  return Object.keys(g.numbers).length > 0 && !(g.gate === 'sustained' && g.numbers['wanted'] === 0);
}

function scores({ predictor }: Decision): string {
  return predictor === 'rule' ? 'scores' : 'will score';
}

function when({ predictor, horizonS }: Decision): string {
  return predictor === 'rule' ? 'now' : `in ${secondsText(horizonS)}`;
}
