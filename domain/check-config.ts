import { windowProblems } from './check-windows.ts';
import { appSchema, type Config, configSchema, type Objective, objectiveSchema, policySchema, siteSchema } from './config.ts';
import { cronProblem } from './cron.ts';
import type { KubernetesApp } from './kubernetes-config.ts';
import { nearestName } from './nearest-name.ts';
import { kpiKey, objectiveDigest } from './objective.ts';
import { queryProblems } from './check-queries.ts';
import { RULE_LIMITS } from './rule.ts';
import type { Path } from './yaml-place.ts';

export interface Finding {
  readonly path: Path;
  readonly message: string;
  readonly kind: 'problem' | 'warning';
}

/** What can be read of a configuration, even if other parts of it are wrong, so that one run names everything there is to mend. */
interface Readable {
  readonly names: Readonly<Record<'sites' | 'objectives' | 'policies' | 'apps', readonly string[]>>;
  readonly sites: ReadonlyMap<string, Config['sites'][string]>;
  readonly objectives: ReadonlyMap<string, Config['objectives'][string]>;
  readonly policies: ReadonlyMap<string, Config['policies'][string]>;
  readonly apps: ReadonlyMap<string, Config['apps'][string]>;
  readonly rawApps: object;
  readonly whole: { readonly [K in (typeof WHOLE)[number]]?: Config[K] };
}

const WHOLE = ['connectors', 'budgets', 'schedules', 'telemetry', 'profile', 'retention'] as const;

/** What no schema of one value can see: references, and figures that do not fit each other. `raw` is the parsed YAML. */
export function checkConfig(raw: unknown): readonly Finding[] {
  const config = readable(raw);
  const findings: Finding[] = [];
  const report = (kind: Finding['kind']) => (path: Path, message: string) => void findings.push({ path, message, kind });
  const c: Check = { config, problem: report('problem'), warn: report('warning') };
  checkSites(c);
  checkObjectives(c);
  checkPolicies(c);
  checkApps(c);
  checkTimes(c);
  const prometheus = config.whole.connectors?.prometheus;
  if (prometheus)
    for (const { path, message } of queryProblems(prometheus, config.names)) c.problem(['connectors', 'prometheus', ...path], message);
  return findings;
}

interface Check {
  readonly config: Readable;
  readonly problem: (path: Path, message: string) => void;
  readonly warn: (path: Path, message: string) => void;
}

function readable(raw: unknown): Readable {
  const whole: Record<string, unknown> = {};
  for (const section of WHOLE) {
    const parsed = configSchema.shape[section].safeParse(sectionOf(raw, section));
    if (parsed.success) whole[section] = parsed.data;
  }
  const keys = (section: string) => Object.keys(entriesOf(raw, section));
  return {
    names: { sites: keys('sites'), objectives: keys('objectives'), policies: keys('policies'), apps: keys('apps') },
    sites: parsedEntries(raw, 'sites', siteSchema),
    objectives: parsedEntries(raw, 'objectives', objectiveSchema),
    policies: parsedEntries(raw, 'policies', policySchema),
    apps: parsedEntries(raw, 'apps', appSchema),
    rawApps: entriesOf(raw, 'apps'),
    whole,
  };
}

function parsedEntries<T>(
  raw: unknown,
  section: string,
  schema: { safeParse(value: unknown): { success: boolean; data?: T } },
): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const [name, value] of Object.entries(entriesOf(raw, section))) {
    const { data } = schema.safeParse(value);
    if (data !== undefined) found.set(name, data);
  }
  return found;
}

function sectionOf(raw: unknown, section: string): unknown {
  return typeof raw === 'object' && raw !== null && Object.hasOwn(raw, section) ? (raw as Record<string, unknown>)[section] : undefined;
}

function entriesOf(raw: unknown, section: string): object {
  const value = sectionOf(raw, section);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function checkSites({ config, problem }: Check): void {
  if (config.names.sites.length === 0) problem(['sites'], 'at least one site is needed');
  const byCore = new Map<number, string>();
  for (const [site, { core }] of config.sites) {
    if (core === undefined) continue;
    const other = byCore.get(core);
    if (other !== undefined) problem(['sites', site, 'core'], `core ${core} is the site ${other} already`);
    byCore.set(core, site);
  }
}

function checkObjectives({ config, problem, warn }: Check): void {
  for (const [name, objective] of config.objectives) {
    const { kpis } = objective;
    const seen = new Set<string>();
    for (const [i, kpi] of kpis.entries()) {
      const at = ['objectives', name, 'kpis', i] as const;
      const { best, worst, better, scale, bounds } = kpi;
      if (bounds?.min !== undefined && bounds.max !== undefined && bounds.min >= bounds.max)
        problem([...at, 'bounds', 'max'], 'must be above min: everything would be outside');
      if (seen.has(kpiKey(kpi))) problem(at, `${kpi.name} in ${kpi.unit} is in this objective already`);
      seen.add(kpiKey(kpi));
      if (best === worst) problem([...at, 'worst'], 'best and worst must differ: between them the score runs from 1 to 0');
      else if (best < worst !== (better === 'lower')) problem([...at, 'best'], `${better} is better, so best must be ${better} than worst`);
      if (scale === 'log' && best <= 0) problem([...at, 'best'], 'a log scale needs a best above 0');
      if (scale === 'log' && worst <= 0) problem([...at, 'worst'], 'a log scale needs a worst above 0');
    }
    checkPreference({ config, problem, warn }, { name, objective });
    if (![...config.apps.values()].some((a) => a.objective === name)) warn(['objectives', name], 'no app has this objective');
  }
}

function checkPreference({ config, problem, warn }: Check, { name, objective }: { name: string; objective: Objective }): void {
  const { prefer, cheaperAt, slo } = objective;
  const at = ['objectives', name] as const;
  if (cheaperAt !== undefined && prefer !== 'cheapest') problem([...at, 'cheaperAt'], 'means something with prefer: cheapest only');
  if (cheaperAt !== undefined && cheaperAt < slo) problem([...at, 'cheaperAt'], `must not be below the SLO (${slo})`);
  const priced = [...config.sites.values()].filter((s) => s.costPerHour !== undefined).length;
  if (prefer === 'cheapest' && priced < 2)
    warn([...at, 'prefer'], 'fewer than two sites have a costPerHour, so none is cheaper than another');
}

function checkPolicies({ config, problem, warn }: Check): void {
  const step = config.whole.telemetry?.step;
  for (const [name, p] of config.policies) {
    const at = ['policies', name] as const;
    if (step !== undefined && p.horizon < step)
      problem([...at, 'horizon'], `the horizon (${p.horizon} s) must be at least one telemetry step (${step} s)`);
    if (step !== undefined && p.verify.soak < 2 * step)
      problem(
        [...at, 'verify', 'soak'],
        `the soak (${p.verify.soak} s) must be at least two telemetry steps (${step} s each): a move that cannot be measured is undone`,
      );
    if (step !== undefined && p.freshness < step)
      problem(
        [...at, 'freshness'],
        `the freshness (${p.freshness} s) must be at least one telemetry step (${step} s): nothing would ever be fresh`,
      );
    if (p.sustained.looks > p.sustained.of)
      problem([...at, 'sustained', 'looks'], `${p.sustained.looks} of ${p.sustained.of} looks cannot be: looks must not be above of`);
    if (p.cooldown.max < p.cooldown.initial)
      problem(
        [...at, 'cooldown', 'max'],
        `the longest cool-down (${p.cooldown.max} s) is shorter than the first (${p.cooldown.initial} s)`,
      );
    if (p.quarantineMax < p.quarantine)
      problem([...at, 'quarantineMax'], `the longest quarantine (${p.quarantineMax} s) is shorter than the first (${p.quarantine} s)`);
    for (const { path, message } of windowProblems(p.windows)) problem([...at, 'windows', ...path], message);
    if (![...config.apps.values()].some((a) => a.policy === name)) warn(at, 'no app has this policy');
  }
}

function checkApps(c: Check): void {
  if (c.config.names.apps.length === 0) c.warn(['apps'], 'there is no app to look after');
  for (const [name, raw] of Object.entries(c.config.rawApps)) checkReferences(c, name, raw);
  for (const [name, app] of c.config.apps) {
    app.sites?.forEach((site, i) => {
      if (app.sites?.indexOf(site) !== i) c.problem(['apps', name, 'sites', i], `the site ${site} is listed twice`);
    });
    if (app.model !== undefined) checkModel(c, { name, model: app.model });
    if (app.local) checkLocal(c, { name, app, local: app.local });
    if (app.kubernetes) checkKubernetes(c, { name, app: app.kubernetes, both: app.local !== undefined });
  }
}

/** On the raw app, because one wrong value elsewhere in it must not hide a wrong reference. */
function checkReferences(c: Check, name: string, raw: unknown): void {
  for (const [key, section] of [
    ['objective', 'objectives'],
    ['policy', 'policies'],
    ['model', 'apps'],
  ] as const) {
    const wanted = sectionOf(raw, key);
    if (typeof wanted === 'string') refer(c, { path: ['apps', name, key], section, name: wanted });
  }
  const sites = sectionOf(raw, 'sites');
  for (const [i, site] of (Array.isArray(sites) ? sites : []).entries()) {
    if (typeof site === 'string') refer(c, { path: ['apps', name, 'sites', i], section: 'sites', name: site });
  }
}

function refer({ config, problem }: Check, { path, section, name }: { path: Path; section: keyof Readable['names']; name: string }): void {
  const names = config.names[section];
  if (names.includes(name)) return;
  const near = nearestName(name, names);
  problem(path, `there is no ${name} in ${section}${near === undefined ? '' : `; did you mean ${near}?`}`);
}

function checkModel(c: Check, { name, model }: { name: string; model: string }): void {
  const path = ['apps', name, 'model'] as const;
  const { apps, objectives } = c.config;
  const teacher = apps.get(model);
  if (model === name || teacher?.model !== undefined) c.problem(path, 'must be an app that learns from its own profile');
  const mine = objectives.get(apps.get(name)?.objective ?? '');
  const theirs = objectives.get(teacher?.objective ?? '');
  if (mine && theirs && objectiveDigest(mine) !== objectiveDigest(theirs))
    c.problem(path, `the model of ${model} predicts another objective than this app's`);
}

function checkLocal(
  { config, problem, warn }: Check,
  { name, app, local }: { name: string; app: Config['apps'][string]; local: NonNullable<Config['apps'][string]['local']> },
): void {
  const at = ['apps', name, 'local'] as const;
  if ((local.service === undefined) === (local.command === undefined))
    problem(at, "give exactly one of service (berth's example service) and command (your own)");
  if (local.start !== undefined) {
    const allowed = app.sites ?? config.names.sites;
    if (!allowed.includes(local.start))
      problem([...at, 'start'], `${local.start} is not among the sites the app may run on (${allowed.slice(0, 10).join(', ')})`);
  }
  if (config.whole.connectors && !config.whole.connectors.local) warn(at, 'connectors.local is not configured, so nothing runs this app');
}

function checkKubernetes(
  { config: { whole }, problem, warn }: Check,
  { name, app, both }: { name: string; app: KubernetesApp; both: boolean },
): void {
  const at = ['apps', name, 'kubernetes'] as const;
  const { connectors } = whole;
  if (both) problem(at, 'an app runs on the local cluster or on Kubernetes: give local or kubernetes, not both');
  if (app.required && app.how !== 'affinity') problem([...at, 'required'], `only affinity can be required or preferred, not ${app.how}`);
  if (connectors && !connectors.kubernetes) warn(at, 'connectors.kubernetes is not configured, so nothing moves this app');
  if (app.how === 'emit' && connectors?.kubernetes && !connectors.kubernetes.emit)
    problem([...at, 'how'], 'to emit, connectors.kubernetes.emit must say where to');
}

function checkTimes({ config: { whole }, problem, warn }: Check): void {
  const { telemetry, schedules, profile, connectors, budgets, retention } = whole;
  if (telemetry) {
    const needed = RULE_LIMITS.ticks * telemetry.step;
    if (telemetry.step <= 0) problem(['telemetry', 'step'], 'must be above 0');
    else if (telemetry.window < needed)
      problem(['telemetry', 'window'], `the window (${telemetry.window} s) must hold at least ${RULE_LIMITS.ticks} steps (${needed} s)`);
    if (retention && retention.telemetry < telemetry.window)
      problem(['retention', 'telemetry'], `telemetry must be kept for at least one window (${telemetry.window} s)`);
  }
  for (const [name, s] of Object.entries(schedules ?? {})) {
    if (!s) continue;
    if (s.every !== undefined && s.every <= 0) problem(['schedules', name, 'every'], 'must be above 0');
    const wrong = s.cron === undefined ? undefined : cronProblem(s.cron);
    if (wrong !== undefined) problem(['schedules', name, 'cron'], wrong);
  }
  if (profile && profile.visit <= profile.settle)
    problem(['profile', 'visit'], `a visit (${profile.visit} s) must be longer than its settling time (${profile.settle} s)`);
  const around = connectors?.local?.neighbours;
  if (around && around.warm + around.hot + around.gap <= 0)
    problem(['connectors', 'local', 'neighbours'], 'warm, hot and gap must not all be 0');
  for (const [name, limit] of Object.entries(budgets ?? {})) if (limit === 0) warn(['budgets', name], 'with 0 no move is ever admitted');
}
