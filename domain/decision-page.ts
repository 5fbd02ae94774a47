import { BARRED, explainDecision, reasonGate } from './explain.ts';
import { digits, failedSentence, secondsText } from './gate-sentences.ts';
import type { Candidate, Decision, GateResult } from './decision.ts';
import { realisedGain } from './move-record.ts';
import { passedSentence } from './passed-sentences.ts';
import type { Claim, OutcomeRow } from './records.ts';
import { safeText } from './safe-text.ts';
import { signed } from './track-record.ts';

/** What became of a decision, as far as it is known. */
export interface Aftermath {
  /** The move that it led to. */
  readonly claim?: Claim;
  /** What was observed at the time its predictions are for, where the app was then. */
  readonly outcomes: readonly OutcomeRow[];
}

/** The picture's axis is one score from 0 to 1, this many columns wide. */
const AXIS = 41;

/**
 * One decision, whole, from its record: why, a picture of every site, every gate in the order judged, and what came of it. Text of people and
 * systems in it is capped and escaped.
 */
export function decisionPage(decision: Decision, after: Aftermath): string[] {
  return [
    `Decision ${decision.id}`,
    '',
    ...explainDecision(decision),
    '',
    ...picture(decision),
    '',
    'Every gate, in the order in which they are judged (> decided):',
    ...decision.gates.map((g) => gateLine(decision, g)),
    '',
    'What came of it:',
    ...aftermath(decision, after),
  ];
}

function picture(decision: Decision): string[] {
  const { candidates, predictor, horizonS } = decision;
  const slo = decision.gates.find((g) => g.gate === 'objective')?.numbers['slo'];
  const width = Math.max(...candidates.map((c) => safeText(c.site).length));
  const when = predictor === 'rule' ? 'as observed now' : `${secondsText(horizonS)} ahead`;
  const enough = slo === undefined ? '' : `, ┊ good enough`;
  return [
    `Every site, from score 0 to 1, ${when} (├─●─┤ predicted p10, p50 and p90, ◇ the plain rule on what is seen now${enough}):`,
    ...candidates.map((c) =>
      `${roleOf(decision, c).padEnd(6)} ${safeText(c.site).padEnd(width)}  ${bar(c, slo)}  ${figuresOf(c)}`.trimEnd(),
    ),
  ];
}

function roleOf(decision: Decision, c: Candidate): string {
  return c.current ? 'here' : c.site === decision.to ? 'target' : '';
}

/** `├──●───┤` from p10 over p50 to p90 on the axis from 0 to 1. */
function bar({ qos, rule }: Candidate, slo: number | undefined): string {
  const cells = Array<string>(AXIS).fill('·');
  const at = (score: number) => Math.round(score * (AXIS - 1));
  if (slo !== undefined) cells[at(slo)] = '┊';
  if (qos) {
    cells.fill('─', at(qos.p10), at(qos.p90) + 1);
    cells[at(qos.p10)] = '├';
    cells[at(qos.p90)] = '┤';
  }
  if (rule !== undefined) cells[at(rule)] = '◇';
  if (qos) cells[at(qos.p50)] = '●';
  return cells.join('');
}

function figuresOf(c: Candidate): string {
  const score = c.qos ? `${digits(c.qos.p50, 2)} (${digits(c.qos.p10, 2)} to ${digits(c.qos.p90, 2)})` : 'unknown';
  const rule = c.rule === undefined ? '' : `, rule ${digits(c.rule, 2)}`;
  const error = c.error === undefined ? '' : `, error ${digits(c.error, 2)}`;
  const barred = c.refusal !== undefined ? `; ${safeText(c.refusal)}` : c.barred ? `; ${BARRED[c.barred]}` : '';
  return `${score}${rule}, ${c.trust}${error}${barred}`;
}

function gateLine(decision: Decision, gate: GateResult): string {
  const overruled = !gate.pass && decision.verdict === 'move';
  const mark = gate.pass ? 'ok' : overruled ? 'overruled' : 'no';
  const decides = gate.gate === reasonGate(decision) ? '>' : ' ';
  return `${decides} ${mark.padEnd(9)} ${gate.gate.padEnd(10)} ${gate.pass ? passedSentence(gate) : failedSentence(gate)}`;
}

function aftermath(decision: Decision, { claim, outcomes }: Aftermath): string[] {
  const lines = [...moveLines(decision, claim), ...outcomes.map(outcomeLine)];
  return lines.length === 0 ? ['nothing is known of the time it was predicted for'] : lines;
}

function moveLines(decision: Decision, claim: Claim | undefined): string[] {
  if (!claim) return decision.verdict === 'move' ? ['no move has been admitted for it'] : [];
  const { from, to, openedMs, end, why } = claim;
  const because = why === undefined ? '' : `: ${safeText(why)}`;
  const began = `at ${new Date(openedMs).toISOString()} the move from ${safeText(from)} to ${safeText(to)}`;
  if (end === undefined) return [`${began} began; it is under way`];
  if (end === 'refused') return [`${began} was refused${because}`];
  return [`${began} began, and ended ${end}${because}`, ...gainLine({ ...claim, end })];
}

function gainLine(claim: Claim & { end: 'done' | 'reverted' | 'revert-failed' }): string[] {
  const gain = realisedGain(claim);
  const predicted = claim.predictedGain === undefined ? '' : `; predicted was ${signed(claim.predictedGain, 2)}`;
  if (gain === undefined) return [`what it gained could not be told${predicted}`];
  const { scoreBefore, scoreAfter, scoreIfStayed } = claim;
  const stayed = scoreIfStayed === undefined ? '' : `; where it came from it would have scored ${digits(scoreIfStayed, 2)} then`;
  return [
    ...(scoreAfter === undefined ? [] : [`it scored ${digits(scoreBefore, 2)} before and ${digits(scoreAfter, 2)} afterwards${stayed}`]),
    `it gained ${signed(gain, 2)}${predicted}`,
  ];
}

function outcomeLine({ site, targetMs, actual, p10, p50, p90 }: OutcomeRow): string {
  const inside = p10 <= actual && actual <= p90 ? 'inside' : 'outside';
  return `at ${new Date(targetMs).toISOString()} ${safeText(site)} scored ${digits(actual, 2)}; predicted was ${digits(p50, 2)} (${digits(p10, 2)} to ${digits(p90, 2)}), so it is ${inside} the interval`;
}
