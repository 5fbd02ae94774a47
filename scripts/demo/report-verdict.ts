import { counted, isKnown, percent } from './figures.ts';
import type { DemoResult, DemoStory, PolicyName } from './result.ts';

export interface Verdict {
  /** One sentence: who served best, by the share of requests over the bound. */
  readonly sentence: string;
  /** What a reader must know before believing the sentence, worst first. */
  readonly warnings: readonly string[];
  readonly lost: string;
}

interface Served {
  readonly app: PolicyName;
  readonly share: number;
  /** Requests in the time compared; 0 = unknown. */
  readonly n: number;
}

const APPS: readonly PolicyName[] = ['berth', 'reactive', 'held'];
const MANNER: Readonly<Record<PolicyName, string>> = { held: 'staying put', reactive: 'reacting after the fact', berth: 'berth itself' };

/** What the figures say, and nothing that they do not. */
export function verdictOf(result: DemoResult, story: DemoStory): Verdict {
  return { sentence: sentenceOf(result, story), warnings: warningsOf(result), lost: lostOf(result.requests) };
}

function sentenceOf(result: DemoResult, story: DemoStory): string {
  const bound = boundOf(result);
  const known = APPS.map((app) => servedBy(app, result, story)).filter((one) => one !== undefined);
  const berth = known.find((one) => one.app === 'berth');
  const others = known.filter((one) => one.app !== 'berth');
  if (!berth) return `Nothing can be said of berth: its share of requests over ${bound} is unknown.`;
  const own = `${percent(berth.share)} of its requests were over ${bound}`;
  if (others.length === 0) return `berth cannot be compared: ${own}, and the others’ shares are unknown.`;
  const figures = `${own}, against ${listed(others.map((one) => `${percent(one.share)} ${MANNER[one.app]}`))}`;
  const equals = others.filter((one) => one.share <= berth.share || tooClose(one, berth));
  const close = equals.some((one) => tooClose(one, berth)) ? ' (too close to call)' : '';
  const unknown = APPS.filter((app) => !known.some((one) => one.app === app)).map((app) => MANNER[app]);
  const rest = unknown.length === 0 ? '' : `; ${listed(unknown)} is unknown`;
  if (equals.length > 0) return `berth was no better than ${listed(equals.map((one) => MANNER[one.app]))}${close}: ${figures}${rest}.`;
  if (rest !== '') return `berth did better than ${listed(others.map((one) => MANNER[one.app]))}: ${figures}${rest}.`;
  return `berth served best: ${figures}.`;
}

function listed(names: readonly string[]): string {
  return names.join(' and ');
}

/** The bound as the configuration has it. */
export function boundOf({ boundMs }: DemoResult): string {
  return isKnown(boundMs) ? `${boundMs} ms` : 'an unknown bound';
}

function servedBy(app: PolicyName, { policies }: DemoResult, story: DemoStory): Served | undefined {
  const share = policies[app].shareOverBound;
  if (!isKnown(share)) return undefined;
  const n = story.latency[app]
    .filter((row) => row.atMs >= story.comparedFromMs && row.atMs < story.toMs)
    .reduce((sum, row) => sum + row.n, 0);
  return { app, share, n };
}

/**
 * The same figure as printed, or within two standard errors of a difference of two shares. Requests that are late come in
 * clusters, so the true error is larger still: what passes here is the least one may ask for.
 */
function tooClose(a: Served, b: Served): boolean {
  if (percent(a.share) === percent(b.share)) return true;
  if (a.n === 0 || b.n === 0) return false;
  const error = Math.sqrt((a.share * (1 - a.share)) / a.n + (b.share * (1 - b.share)) / b.n);
  return Math.abs(a.share - b.share) < 2 * error;
}

function lostOf({ sent, failed, timedOut, shed }: DemoResult['requests']): string {
  if (sent === 0) return 'No request was sent, so nothing was measured.';
  const beyond = [timedOut > 0 && `${counted(timedOut, 'request')} timed out`, shed > 0 && `${were(shed)} shed by overload`];
  const late = beyond.filter((text) => text !== false).join(' and ');
  const lost =
    failed === 0
      ? `None of ${counted(sent, 'request')} was lost by a switch`
      : `Of ${counted(sent, 'request')}, ${were(failed)} lost (502, reset or refused)`;
  return late === '' ? `${lost}.` : `${lost}; ${late}.`;
}

function were(requests: number): string {
  return `${counted(requests, 'request')} ${requests === 1 ? 'was' : 'were'}`;
}

function warningsOf(result: DemoResult): string[] {
  const { sites, sitesReason, model, moves, policies, requests, replayed } = result;
  const ended = (end: string) => moves.filter((m) => m.end === end).length;
  const odd = moves.filter((m) => !['done', 'reverted', 'revert-failed'].includes(m.end)).length;
  const failed = Object.values(result.workflows).reduce((sum, w) => sum + w.failed, 0);
  return [
    requests.failed > 0 && `${counted(requests.failed, 'request')} lost: a switch must lose none.`,
    ended('revert-failed') > 0 && `${counted(ended('revert-failed'), 'move')} could neither be finished nor undone.`,
    ended('reverted') > 0 &&
      `${counted(ended('reverted'), 'move')} reverted: undone because the new site did not keep its promise, or a step failed.`,
    odd > 0 && `${counted(odd, 'move')} had not ended when the demo did.`,
    failed > 0 && `${counted(failed, 'workflow')} failed.`,
    sites === 'simulated' &&
      `The sites were simulated (${sitesReason}): real processes and sockets, but the clock of the service was slowed instead of its core being shared.`,
    model.servedBy === 'baseline' && `The plain baseline “${model.baseline}” served, because no model beat it.`,
    model.servedBy === 'model' && isKnown(model.skill) && model.skill <= 0 && 'The model makes no less error than the baseline.',
    policies.berth.moves === 0 && 'berth made no move, so a difference between the apps is not of its making.',
    replayed === 0 && 'No history was replayed.',
  ].filter((text) => text !== false);
}
