import { z } from 'zod';
import { localSpecSchema } from './spec.ts';

const app = z.string().min(1).max(63);
const site = z.string().min(1).max(63);
const decisionId = z.string().min(1).max(500);
const epochMs = z.number();

export const changeSchema = z.strictObject({ app, to: site, decisionId });
export const restoreSchema = z.strictObject({
  snapshot: z.strictObject({
    app,
    site,
    generation: z.int().min(0),
    original: z.strictObject({ site, decisionId: decisionId.optional() }),
  }),
  decisionId,
});

/** What the daemon may be asked, as `POST /v1/<verb>`. */
export const requestSchemas = {
  status: z.strictObject({}),
  configure: localSpecSchema,
  sites: z.strictObject({}),
  placements: z.strictObject({ apps: z.array(app) }),
  feasibility: z.strictObject({ apps: z.array(app) }),
  observe: z.strictObject({ app }),
  snapshot: z.strictObject({ app }),
  'dry-run': changeSchema,
  apply: changeSchema,
  ready: changeSchema,
  restore: restoreSchema,
  load: z.strictObject({ app, rate: z.number().min(0).max(2000).optional() }),
  report: z.strictObject({ fromMs: epochMs, toMs: epochMs, boundMs: z.number().positive() }),
  stop: z.strictObject({}),
} as const;

export type Verb = keyof typeof requestSchemas;
export type ChangeRequest = z.output<typeof changeSchema>;
export type RestoreRequest = z.output<typeof restoreSchema>;

/** The file by which a daemon is found; whoever can read it may command the daemon. */
export const addressSchema = z.object({ pid: z.int(), url: z.string(), token: z.string(), startedMs: z.number() });
export type DaemonAddress = z.output<typeof addressSchema>;

export const failureSchema = z.object({
  error: z.object({
    kind: z.enum(['bad-request', 'unauthorized', 'unknown', 'busy', 'infeasible', 'failed', 'too-large']),
    message: z.string(),
  }),
});

export interface AppStatus {
  readonly site: string;
  readonly ready: boolean;
  readonly busy?: string;
  readonly generation: number;
  /** The stable address. */
  readonly url?: string;
  /** The process that serves; for fault tests and people. */
  readonly pid?: number;
}

export interface DaemonStatus {
  readonly pid: number;
  readonly startedMs: number;
  readonly configured: boolean;
  readonly mode?: { readonly kind: 'cores' | 'simulated'; readonly reason: string; readonly rateFactor: number };
  readonly apps: Readonly<Record<string, AppStatus>>;
  readonly scrapes: { readonly delivered: number; readonly waiting: number; readonly dropped: number };
}
