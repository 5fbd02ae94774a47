import { z } from 'zod';
import { duration } from './duration.ts';
import { NAME } from './name.ts';
import { secretReference } from './secret-reference.ts';

const promql = z.string().min(1).max(10_000);
const labelName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'a label of Prometheus has letters, digits and _');
const siteSeries = z
  .string()
  .regex(/^[a-z][a-z0-9]*(?:_[a-z0-9]+)*_[a-zA-Z0-9]+$/, 'a series of a site is <name>_<unit>, such as cpu_cores');
const appSeries = z
  .string()
  .regex(/^(?:load|placed|(?:kpi|app)_[a-z][a-z0-9_]*_[a-zA-Z0-9]+)$/, 'expected load, placed, kpi_<name>_<unit> or app_<name>_<unit>');

/** Where telemetry comes from when a Prometheus has it: one query per series, each answering for all sites or apps at once. */
export const prometheusSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'expected an address such as http://prometheus.monitoring:9090' }).refine((url) => {
    const { username, password, search, hash } = new URL(url);
    return username === '' && password === '' && search === '' && hash === '';
  }, 'an address without user, password, query and fragment'),
  /** Where the workers find the bearer token it wants. */
  token: secretReference.optional(),
  siteLabel: labelName.default('site'),
  appLabel: labelName.default('app'),
  /** Value of the label -> site or app, where they differ. */
  siteNames: z.record(z.string().min(1), z.string().regex(NAME)).default({}),
  appNames: z.record(z.string().min(1), z.string().regex(NAME)).default({}),
  /** Series of a site -> query whose answer carries the site label. */
  sites: z.record(siteSeries, promql).default({}),
  /** Series of an app -> query whose answer carries the app label, and the site label where it knows the site. */
  apps: z.record(appSeries, promql).default({}),
  /** A sample older than this is none: Prometheus itself would repeat it for five minutes. */
  lookback: duration.default(60),
  timeout: duration.default(10),
  /** Queries at once. */
  parallel: z.int().min(1).max(32).default(4),
});

export type PrometheusConfig = z.output<typeof prometheusSchema>;
