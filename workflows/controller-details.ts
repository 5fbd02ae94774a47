import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';

import type { Approval } from '../domain/records.ts';
import { attributes } from './attributes.ts';
import { stateWord, type ControllerState } from './controller-state.ts';
import type { Statement } from './messages.ts';
import { clock, safeText } from './text.ts';

/** What the store knows of an app, small enough for a history: the newest look and the last decisions. */
export interface AppView {
  readonly placed?: string;
  readonly model?: string;
  readonly lookMs?: number;
  readonly horizonS?: number;
  readonly sites: readonly { readonly site: string; readonly predicted?: number; readonly observed?: number; readonly refusal?: string }[];
  readonly decisions: readonly string[];
}

/** Tells the state where operators look: current details in Markdown, and search attributes where they changed. */
export function showController(own: ControllerState, view: AppView): void {
  setCurrentDetails(render(own, view));
  const wanted = [
    { key: attributes.app, value: own.app },
    { key: attributes.state, value: stateWord(own) },
    { key: attributes.paused, value: own.paused !== undefined },
    ...(view.placed === undefined ? [] : [{ key: attributes.site, value: view.placed }]),
    ...(view.model === undefined ? [] : [{ key: attributes.model, value: view.model }]),
  ] as const;
  const known = workflowInfo().typedSearchAttributes;
  const changed = wanted.filter(({ key, value }) => known.get(key) !== value);
  if (changed.length > 0) upsertSearchAttributes([...changed]);
}

function render(own: ControllerState, view: AppView): string {
  const lines = [
    `**${safeText(own.app)}** is on **${view.placed === undefined ? 'an unknown site' : safeText(view.placed)}**, ${stateWord(own)}`,
    '',
    ...said('paused', own.paused),
    ...said('frozen', own.frozen),
    ...approvalLine(own.approval),
    ...said(`overridden to ${own.override?.site ?? ''}`, own.override),
    ...own.excluded.flatMap((s) => said(`${s.site} excluded`, s)),
    ...(own.held === undefined ? [] : [`- **held**: ${safeText(own.held, 300)}`]),
    ...(own.moving
      ? [`- moving to ${safeText(own.moving.to)} since ${clock(own.moving.startedMs)} (${safeText(own.moving.decisionId)})`]
      : []),
    ...(own.coolUntilMs === undefined ? [] : [`- cool-down until ${new Date(own.coolUntilMs).toISOString()}`]),
    ...(own.ignored === 0 ? [] : [`- ${own.ignored} messages ignored, the last: ${safeText(own.lastIgnored ?? '')}`]),
    '',
    `| site | predicted${view.horizonS === undefined ? '' : ` in ${view.horizonS} s`} | observed | |`,
    '|---|---|---|---|',
    ...view.sites.map(
      (s) =>
        `| ${safeText(s.site)} | ${score(s.predicted)} | ${score(s.observed)} | ${s.refusal === undefined ? '' : safeText(s.refusal)} |`,
    ),
    '',
    ...(view.lookMs === undefined ? ['No look yet.'] : [`Last look ${new Date(view.lookMs).toISOString()}:`]),
    ...view.decisions.map((line) => `- ${safeText(line, 300)}`),
    '',
    ...(own.recent.length === 0 ? [] : ['Last events here:', ...own.recent.map((line) => `- ${safeText(line, 300)}`)]),
  ];
  return lines.join('\n');
}

function approvalLine(approval: Approval | undefined): string[] {
  if (!approval) return [];
  const { decisionId, from, to, gain, costS, sinceMs, expiresMs, approved } = approval;
  const cost = costS === undefined ? 'cost of moving not measured yet' : `${costS.toFixed(1)} s to move`;
  const window = approved?.startsMs === undefined ? '' : `, waits for its window at ${new Date(approved.startsMs).toISOString()}`;
  const yes = approved ? `; approved by ${safeText(approved.by)}${window}` : '';
  return [
    `- **waits for an approval**: ${safeText(from)} → ${safeText(to)}, gain ${gain.toFixed(2)}, ${cost}, since ${new Date(sinceMs).toISOString()}, until ${new Date(expiresMs).toISOString()} (${safeText(decisionId)})${yes}`,
  ];
}

function said(what: string, statement: Statement | undefined): string[] {
  if (!statement) return [];
  const until = statement.untilMs === undefined ? '' : ` until ${new Date(statement.untilMs).toISOString()}`;
  return [`- **${safeText(what)}** by ${safeText(statement.by)}${until}: ${safeText(statement.reason)}`];
}

const score = (value: number | undefined) => (value === undefined ? 'unknown' : value.toFixed(2));
