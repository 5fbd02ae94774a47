import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  log,
  setCurrentDetails,
  setDefaultSignalHandler,
  setHandler,
} from '@temporalio/workflow';

import type { Checked, Terms } from '../activities/challenges.ts';
import { control, training } from './activity-groups.ts';
import { readOperatorMessage } from './guards.ts';
import { promoteInput } from './inputs.ts';
import { promotionSignals, promotionState, promotionUpdates, type Answer, type OperatorMessage, type Statement } from './messages.ts';
import { safeText } from './text.ts';

export interface PromoteInput {
  readonly key: string;
  readonly version: number;
  readonly by?: string;
}
export interface PromoteResult {
  readonly promoted: boolean;
  readonly why: string;
}

/** What the query `state` shows. */
export interface PromotionState {
  readonly key: string;
  readonly version: number;
  phase: 'checking' | 'shadow' | 'waiting' | 'ended';
  why: string;
  approved?: Statement;
  rejected?: Statement;
  /** Messages that could not be taken. */
  ignored: number;
}

/** Days that an approval is waited for. */
const WAIT_DAYS = 14;
/** A shadow is looked at about so many times. */
const SHADOW_STEPS = 40;

/**
 * A challenger becomes champion when its contract holds, it loads, and it is better than champion and baseline on the same rows; then, as the
 * policy says, when a shadow of so many looks shows it no worse, and when a person approves.
 */
export async function promoteModel(given: PromoteInput): Promise<PromoteResult> {
  const input = promoteInput(given);
  const own: PromotionState = { key: input.key, version: input.version, phase: 'checking', why: '', ignored: 0 };
  listen(own);
  const result = await decide(own, input.by ?? 'berth');
  own.phase = 'ended';
  show(own, `${result.promoted ? 'champion' : 'kept as challenger'}: ${safeText(result.why, 1000)}`);
  await condition(allHandlersFinished);
  return result;
}

async function decide(own: PromotionState, by: string): Promise<PromoteResult> {
  const { key, version } = own;
  const first = await check(own);
  if (!first.ok) return await keep(own, first.why, by);
  const seen = first.terms.shadow > 0 ? await shadow(own, first.terms) : undefined;
  if (seen && !seen.ok) return await keep(own, seen.why, by);
  const approval = first.terms.promotion === 'approve' ? await approved(own) : undefined;
  if (own.rejected || (first.terms.promotion === 'approve' && !approval))
    return await keep(own, `nobody approved it within ${WAIT_DAYS} days`, by);
  // Another version may have become champion meanwhile.
  const last = seen || approval ? await check(own) : first;
  if (!last.ok) return await keep(own, last.why, by);
  const why = [approval?.reason, last.why, seen?.why].filter((part) => part !== undefined && part !== '').join('; ');
  return await control.promoteVersion({ key, version, by: approval?.by ?? by, why });
}

async function check(own: PromotionState): Promise<Checked> {
  const checked = await training.checkModel({ key: own.key, version: own.version });
  own.why = checked.why;
  return checked;
}

async function keep(own: PromotionState, why: string, by: string): Promise<PromoteResult> {
  const { key, version, rejected } = own;
  const said = rejected ? `turned down by ${rejected.by}: ${rejected.reason}` : why;
  await control.keepVersion({
    key,
    version,
    by: rejected?.by ?? by,
    why: rejected?.reason ?? why,
    what: rejected ? 'rejected' : 'kept',
  });
  return { promoted: false, why: said };
}

/** Waits until so many looks and what came of them are known, or three times as long; someone who turns it down ends it at once. */
async function shadow(own: PromotionState, { shadow: looks, intervalS }: Terms): Promise<{ ok: boolean; why: string }> {
  own.phase = 'shadow';
  show(own, `in the shadow for ${looks} looks`);
  const fromMs = Date.now();
  const stepS = Math.max(1, intervalS * Math.ceil(looks / SHADOW_STEPS));
  const untilMs = fromMs + 1000 * (3 * looks * intervalS + 10 * stepS);
  for (;;) {
    await condition(() => own.rejected !== undefined, stepS * 1000);
    if (own.rejected) return { ok: false, why: 'turned down' };
    const seen = await training.watchShadow({ key: own.key, version: own.version, fromMs, looks });
    own.why = seen.why;
    show(own, seen.why);
    const isOver = Date.now() >= untilMs;
    if (isOver || (seen.looks >= looks && seen.outcomes >= seen.looks)) {
      return { ok: seen.ok === true && seen.looks >= looks, why: seen.why };
    }
  }
}

async function approved(own: PromotionState): Promise<Statement | undefined> {
  own.phase = 'waiting';
  show(own, `waits for approval: ${safeText(own.why, 800)}`);
  await condition(() => own.approved !== undefined || own.rejected !== undefined, `${WAIT_DAYS} days`);
  return own.rejected ? undefined : own.approved;
}

function listen(own: PromotionState): void {
  setHandler(promotionState, () => own);
  setDefaultSignalHandler(() => void own.ignored++);
  for (const verb of ['approve', 'reject'] as const) {
    setHandler(promotionSignals[verb], (raw) => {
      const why = problem(own, verb, raw);
      if (why === undefined) return void obey(own, verb, raw);
      own.ignored++;
      log.warn('message ignored', { why });
    });
    setHandler(promotionUpdates[verb], (raw): Answer => obey(own, verb, raw), {
      validator: (raw) => {
        const why = problem(own, verb, raw);
        if (why !== undefined) throw ApplicationFailure.nonRetryable(why, 'BadInput');
      },
    });
  }
}

function problem(own: PromotionState, verb: 'approve' | 'reject', raw: unknown): string | undefined {
  const message = readOperatorMessage(raw);
  if (!message.ok) return message.why;
  if (own.phase === 'ended' || own.approved || own.rejected) return `version ${own.version} of ${own.key} is settled already`;
  if (verb === 'approve' && own.phase !== 'waiting')
    return `version ${own.version} of ${own.key} does not wait for approval yet, it is ${own.phase}`;
  return undefined;
}

function obey(own: PromotionState, verb: 'approve' | 'reject', { by, reason }: OperatorMessage): Answer {
  own[verb === 'approve' ? 'approved' : 'rejected'] = { by, reason };
  return {
    ok: true,
    said:
      verb === 'approve'
        ? `version ${own.version} of ${own.key} is approved; it serves from the next look on if it is still the better one`
        : `version ${own.version} of ${own.key} is turned down`,
  };
}

function show(own: PromotionState, text: string): void {
  setCurrentDetails(`version ${own.version} of ${own.key} ${own.phase === 'ended' ? 'is' : ''} ${text}`.replaceAll('  ', ' '));
}
