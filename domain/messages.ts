import { z } from 'zod';
import { NAME } from './name.ts';

/** The messages that people and other parts send to workflows. The workflows check them by hand-written guards; a fuzz test proves both equal. */
const FOR_MAX_S = 366 * 86_400;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => value.trim() !== '', 'must say something');
const name = z.string().regex(NAME);
const instant = z
  .string()
  .regex(INSTANT)
  .refine((value) => !Number.isNaN(Date.parse(value)), 'must be an instant that exists');

const statement = {
  /** Who says so: a statement, not proof. */
  by: text(100),
  reason: text(1000),
  /** ISO 8601 with a zone. */
  until: instant.optional(),
  /** Seconds from when it is heard. */
  forS: z.number().positive().max(FOR_MAX_S).optional(),
  /** Messages of equal id are one message. */
  id: text(100).optional(),
};
const oneEnd = (message: { until?: string | undefined; forS?: number | undefined }) =>
  message.until === undefined || message.forS === undefined;
const ONE_END = 'give until or forS, not both';

/** pause, resume, clear-override. */
export const operatorMessageSchema = z.strictObject(statement).refine(oneEnd, ONE_END);

/** override, exclude, include. */
export const siteMessageSchema = z.strictObject({ ...statement, site: name }).refine(oneEnd, ONE_END);

/** approve, reject: of the move that waits, or of the one that is named. */
export const approvalMessageSchema = z.strictObject({ ...statement, decision: text(200).optional() }).refine(oneEnd, ONE_END);

export const proposalSchema = z.strictObject({
  decisionId: text(200),
  app: name,
  from: name,
  to: name,
  gain: z.number(),
  verdict: z.enum(['recommend', 'approve', 'move']),
  /** Epoch ms. */
  expiresMs: z.number(),
  reason: text(1000),
  drainedBy: text(100).optional(),
});

export const moveEndedSchema = z.strictObject({
  decisionId: text(200),
  end: z.enum(['done', 'reverted', 'revert-failed', 'refused']),
  why: text(1000).optional(),
});

export const moveLostSchema = z.strictObject({ decisionId: text(200) });
