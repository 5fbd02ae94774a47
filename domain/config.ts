import { z } from 'zod';
import { duration } from './duration.ts';
import { NAME } from './name.ts';
import { notificationsSchema } from './notification-config.ts';
import { kubernetesApp, kubernetesConnector, kubernetesSite } from './kubernetes-config.ts';
import { prometheusSchema } from './prometheus-config.ts';

const name = z.string().regex(NAME, 'a name has 1 to 63 of a-z, 0-9 and -, and neither begins nor ends with -');
const share = z.number().min(0).max(1);
const positive = z.number().positive();

const kpi = z.strictObject({
  /** Series name and unit as telemetry delivers it: `kpi_<name>_<unit>`. */
  name: z.string().regex(/^[a-z][a-z0-9]*$/),
  unit: z.string().regex(/^[a-zA-Z0-9]+$/),
  better: z.enum(['lower', 'higher']),
  /** The value that scores 1, and the value that scores 0. */
  best: z.number(),
  worst: z.number(),
  scale: z.enum(['linear', 'log']).default('linear'),
  weight: positive.default(1),
  /** Values outside make the whole score 0, whatever the other KPIs say. */
  bounds: z.strictObject({ min: z.number().optional(), max: z.number().optional() }).optional(),
});

export const objectiveSchema = z.strictObject({
  kpis: z.array(kpi).min(1),
  /** The QoS score that is good enough. */
  slo: share,
  /** Score points below the SLO count so many times more when a gain is judged. */
  penalty: z.number().min(0).max(100).optional(),
  /** `quality` (also when absent): the site with the best score; `cheapest`: the cheapest one that meets the SLO. */
  prefer: z.enum(['quality', 'cheapest']).optional(),
  /** The score a cheaper site must reach at its pessimistic end; absent: the SLO. Above the SLO it keeps an app from going to and fro. */
  cheaperAt: share.optional(),
});

const clockTime = z.string().regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, 'expected a time of day such as 22:00');
const date = z.iso.date('expected a date such as 2026-12-24');
const weekday = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);

/** When moves may start, on the wall clock of a zone; without `open` always, but for the blackouts. */
const windows = z.strictObject({
  zone: z.string().min(1).default('UTC'),
  open: z
    .array(
      z.strictObject({
        days: z
          .array(weekday)
          .min(1)
          .default([...weekday.options]),
        from: clockTime,
        to: clockTime,
      }),
    )
    .max(50)
    .default([]),
  /** Whole days of the zone, both ends included. */
  blackout: z
    .array(z.strictObject({ name: z.string().min(1).max(100), from: date, to: date.optional() }))
    .max(400)
    .default([]),
});

export const policySchema = z.strictObject({
  mode: z.enum(['recommend', 'approve', 'automatic']).default('recommend'),
  /** What predicts: the champion model (with its baseline behind it), or the plain rule on what is observed now. */
  predictor: z.enum(['model', 'rule']).default('model'),
  horizon: duration.default(30),
  /** Input older than this is unknown; a look later than this only records. */
  freshness: duration.default(30),
  /** Share of the window's samples that must be there, for the present site and for the target. */
  completeness: share.default(0.7),
  margin: z
    .strictObject({ absolute: share.default(0.05), relative: share.default(0.1), errors: z.number().min(0).default(1) })
    .prefault({}),
  /** What moving costs: the share of the score that is lost while it lasts, and the time within which a move must have paid for that. */
  switching: z.strictObject({ loss: share.default(1), payback: duration.default(3600) }).prefault({}),
  /** A move must be wanted in this many of the last so many looks, this one included. */
  sustained: z.strictObject({ looks: z.int().min(1).default(2), of: z.int().min(1).max(64).default(3) }).prefault({}),
  cooldown: z
    .strictObject({
      initial: duration.default(60),
      factor: z.number().min(1).default(2),
      max: duration.default(3600),
      reset: duration.default(7200),
    })
    .prefault({}),
  trust: z
    .strictObject({
      samples: z.int().min(1).default(30),
      maxAge: duration.default(7 * 86_400),
      /** Mean absolute error of QoS, in score points, up to which a model may act by itself. */
      maxError: share.default(0.2),
    })
    .prefault({}),
  /** What the moves of a model must have gained, in the mean of the last ones, so that it keeps its right to move by itself. */
  rights: z
    .strictObject({
      floor: z.number().min(-1).max(1).default(-0.05),
      least: z.int().min(1).default(3),
      last: z.int().min(1).max(100).default(10),
      within: duration.default(7 * 86_400),
    })
    .prefault({}),
  /** After a move: how long realised QoS is watched, and how much worse than before it may be. */
  verify: z.strictObject({ soak: duration.default(30), tolerance: share.default(0.1) }).prefault({}),
  ready: z.strictObject({ deadline: duration.default(300), stable: duration.default(5) }).prefault({}),
  quarantine: duration.default(600),
  quarantineMax: duration.default(86_400),
  /** Whether a better model serves by itself, or waits until a person approves. The strictest policy of the apps that it serves counts. */
  promotion: z.enum(['auto', 'approve']).default('auto'),
  /** Looks during which a better model is only watched beside the one that serves; 0: none. */
  shadow: z.int().min(0).max(10_000).default(0),
  onPause: z.enum(['finish', 'revert']).default('finish'),
  /** How long a move waits for its approval, and how long one that was declined or ran out is not put up again. */
  approval: z.strictObject({ expires: duration.default(86_400), again: duration.default(3600) }).prefault({}),
  windows: windows.prefault({}),
});

const localService = z.strictObject({
  /** berth's example service: CPU milliseconds per request. */
  workMs: positive.max(1000).default(6),
  /** How long the service warms up before it says it is ready: it stands for caches, JIT, loading a model. */
  warmUp: duration.default(0),
});

export const appSchema = z.strictObject({
  /** false: berth does nothing for it; the app itself is left as it is. */
  enabled: z.boolean().default(true),
  objective: name,
  policy: name,
  /** Sites the app may run on; absent: all. */
  sites: z.array(name).min(1).optional(),
  /** Learn from this app's profile and be served by its model; absent: its own. */
  model: name.optional(),
  /** Namespace whose budget counts this app's moves. */
  namespace: name.default('default'),
  local: z
    .strictObject({
      /** Where it starts; absent: the first site. */
      start: name.optional(),
      service: localService.optional(),
      /** The user's own command: it must listen on `$PORT` of 127.0.0.1 and answer 200 on `/ready` with the body `$BERTH_NONCE`. */
      command: z.array(z.string().min(1)).min(1).optional(),
      /** Open-loop requests per second sent through the proxy; 0: none of ours. */
      load: z.strictObject({ rate: z.number().min(0).max(2000), path: z.string().startsWith('/').default('/work') }).prefault({ rate: 0 }),
    })
    .optional(),
  kubernetes: kubernetesApp.optional(),
});

export const siteSchema = z.strictObject({
  kubernetes: kubernetesSite.optional(),
  /** Core of the local machine; absent: simulated, or the n-th allowed core. */
  core: z.int().min(0).optional(),
  /** How many apps may be placed here; absent: no limit of our own. */
  maxApps: z.int().min(1).optional(),
  /** What one hour of one app there costs, in whatever unit all sites share; absent: unknown. */
  costPerHour: z.number().min(0).optional(),
  cordoned: z.boolean().default(false),
  /** Facts that a model may use, and that cost-aware objectives will. */
  facts: z.record(z.string().regex(/^[a-z][a-z0-9_]*$/), z.number()).default({}),
});

const schedule = z
  .strictObject({ every: duration.optional(), cron: z.string().optional() })
  .refine((s) => (s.every === undefined) !== (s.cron === undefined), 'give exactly one of every and cron');

export const configSchema = z.strictObject({
  version: z.literal(1),
  /** false: berth does nothing for any app. */
  enabled: z.boolean().default(true),
  connectors: z
    .strictObject({
      local: z
        .strictObject({
          sites: z.enum(['auto', 'cores', 'simulated']).default('auto'),
          /** Seconds of a neighbour's warm-up, hot phase and gap on each site in turn; absent: no neighbours. */
          neighbours: z
            .strictObject({
              warm: duration,
              hot: duration,
              gap: duration,
              burners: z.int().min(1).max(8).default(3),
              jitter: share.default(0.1),
            })
            .optional(),
        })
        .optional(),
      kubernetes: kubernetesConnector.optional(),
      prometheus: prometheusSchema.optional(),
    })
    .prefault({}),
  sites: z.record(name, siteSchema),
  objectives: z.record(name, objectiveSchema),
  policies: z.record(name, policySchema).prefault({}),
  apps: z.record(name, appSchema),
  budgets: z
    .strictObject({
      fleet: z.int().min(0).default(5),
      namespace: z.int().min(0).default(5),
      source: z.int().min(0).default(2),
      destination: z.int().min(0).default(2),
    })
    .prefault({}),
  /** Stops every move while too many of the newest were undone; a rate of 1 never does. */
  breaker: z
    .strictObject({
      last: z.int().min(1).max(1000).default(20),
      least: z.int().min(1).default(5),
      rate: share.default(0.4),
      within: duration.default(86_400),
    })
    .prefault({}),
  /** Stops every move while more than this share of the apps, or of the sites, has no fresh samples; 1 never does. */
  blind: z.strictObject({ above: share.default(0.45) }).prefault({}),
  reminders: z.strictObject({ every: duration.default(86_400) }).prefault({}),
  schedules: z.strictObject({ look: schedule.prefault({ every: 60 }), train: schedule.optional() }).prefault({}),
  /** Champions are checked for drift this often; one that drifts is trained again, at most once in `rest`. */
  drift: z
    .strictObject({ every: duration.default(600), retrain: z.enum(['auto', 'never']).default('auto'), rest: duration.default(86_400) })
    .prefault({}),
  telemetry: z.strictObject({ step: duration.default(15), window: duration.default(600) }).prefault({}),
  profile: z.strictObject({ visits: z.int().min(1).default(3), visit: duration.default(120), settle: duration.default(5) }).prefault({}),
  notifications: notificationsSchema.prefault({}),
  retention: z
    .strictObject({
      telemetry: duration.default(7 * 86_400),
      predictions: duration.default(2 * 86_400),
      decisions: duration.default(7 * 86_400),
      kept: duration.default(180 * 86_400),
    })
    .prefault({}),
});

/** Applied configuration: every duration in seconds, every default filled in. */
export type Config = z.output<typeof configSchema>;
/** What a person may write in berth.yaml, before defaults. */
export type ConfigInput = z.input<typeof configSchema>;
export type AppSpec = Config['apps'][string];
export type SiteSpec = Config['sites'][string];
export type Objective = Config['objectives'][string];
export type Policy = Config['policies'][string];
export type Kpi = Objective['kpis'][number];
export type Budgets = Config['budgets'];
