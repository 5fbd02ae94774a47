import { z } from 'zod';
import type { AppSpec, Config } from '../../domain/config.ts';

const siteShape = z.strictObject({
  core: z.int().min(0).optional(),
  maxApps: z.int().min(1).optional(),
  cordoned: z.boolean(),
});

const appShape = z.strictObject({
  sites: z.array(z.string()).min(1).optional(),
  start: z.string().optional(),
  service: z.strictObject({ workMs: z.number().positive(), warmUp: z.number().min(0) }).optional(),
  command: z.array(z.string().min(1)).min(1).optional(),
  load: z.strictObject({ rate: z.number().min(0).max(2000), path: z.string().startsWith('/') }),
});

/** The part of an applied configuration that the local cluster needs. Durations in seconds. */
export const localSpecSchema = z
  .strictObject({
    sitesWanted: z.enum(['auto', 'cores', 'simulated']),
    neighbours: z
      .strictObject({
        warm: z.number(),
        hot: z.number(),
        gap: z.number(),
        burners: z.int().min(1).max(8),
        jitter: z.number().min(0).max(1),
      })
      .optional(),
    stepS: z.number().min(0.1),
    sites: z.record(z.string(), siteShape),
    apps: z.record(z.string(), appShape),
  })
  .superRefine((spec, ctx) => {
    for (const problem of problemsOf(spec)) ctx.addIssue({ code: 'custom', ...problem });
  });

export type LocalSpec = z.output<typeof localSpecSchema>;
export type LocalApp = z.output<typeof appShape>;
export type LocalSite = z.output<typeof siteShape>;

interface SpecNames {
  readonly sites: Readonly<Record<string, LocalSite>>;
  readonly apps: Readonly<Record<string, LocalApp>>;
}

function problemsOf(spec: SpecNames): { path: string[]; message: string }[] {
  const found: { path: string[]; message: string }[] = [];
  const known = (site: string) => Object.hasOwn(spec.sites, site);
  if (Object.keys(spec.sites).length < 2) found.push({ path: ['sites'], message: 'the local cluster needs at least 2 sites' });
  for (const [name, app] of Object.entries(spec.apps)) {
    const at = ['apps', name];
    if (app.service && app.command) found.push({ path: at, message: 'give service or command, not both' });
    for (const site of app.sites ?? []) if (!known(site)) found.push({ path: [...at, 'sites'], message: `no site ${site}` });
    if (app.start === undefined) continue;
    if (!known(app.start)) found.push({ path: [...at, 'start'], message: `no site ${app.start}` });
    if (app.sites && !app.sites.includes(app.start))
      found.push({ path: [...at, 'start'], message: `${app.start} is not among the app's sites` });
  }
  return found;
}

/** Apps without a `local` part are somebody else's and are left out. */
export function localSpecOf(config: Config, apps: Readonly<Record<string, AppSpec>>): LocalSpec {
  const local = config.connectors.local;
  return localSpecSchema.parse({
    sitesWanted: local?.sites ?? 'auto',
    ...(local?.neighbours && { neighbours: local.neighbours }),
    stepS: config.telemetry.step,
    sites: Object.fromEntries(
      Object.entries(config.sites).map(([name, { core, maxApps, cordoned }]) => [name, { core, maxApps, cordoned }]),
    ),
    apps: Object.fromEntries(Object.entries(apps).flatMap(([name, app]) => (app.local ? [[name, localAppOf(app, app.local)]] : []))),
  });
}

function localAppOf(app: AppSpec, local: NonNullable<AppSpec['local']>): LocalApp {
  return {
    ...(app.sites && { sites: app.sites }),
    ...(local.start !== undefined && { start: local.start }),
    ...(local.service && { service: local.service }),
    ...(local.command && { command: local.command }),
    load: local.load,
  };
}

/** Sites an app may run on, in the order of the configuration. */
export function sitesOf(spec: LocalSpec, app: string): readonly string[] {
  return spec.apps[app]?.sites ?? Object.keys(spec.sites);
}
