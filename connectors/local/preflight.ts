import { exited, startChild, stopChild } from './children.ts';
import { allowedCores, coreCount, coreTimes } from './proc.ts';
import { Refusal } from './refusal.ts';
import type { ProbeSpec } from './service-spec.ts';
import type { LocalSpec } from './spec.ts';
import type { SiteMode } from './state.ts';

/** What a core must be like to stand for a site, and to do so at half the load. */
const GOOD = { free: 0.6, ratio: 1.3 };
const FAIR = { free: 0.4, ratio: 1.6 };
const SAMPLE_MS = 1000;

export interface CoreCheck {
  readonly site: string;
  readonly core: number;
  /** Share of the core that nobody uses; undefined = cannot be read. */
  readonly free?: number;
  /** Wall time over CPU time of a short burst; undefined = the core cannot be used. */
  readonly ratio?: number;
}

/** Chooses what a site is, by what this machine can do, and says why. Throws `Refusal` when cores are asked for and impossible. */
export async function chooseMode(spec: LocalSpec, iterationsPerMs: number): Promise<SiteMode> {
  if (spec.sitesWanted === 'simulated') return simulated('as configured');
  const cores = coresOf(spec);
  if (typeof cores === 'string') return spec.sitesWanted === 'cores' ? refuse(cores) : simulated(cores);
  const checks = await checkCores(cores, iterationsPerMs);
  const unusable = checks.find((check) => check.ratio === undefined);
  if (unusable) {
    const why = `core ${unusable.core} of site ${unusable.site} cannot be used: taskset is missing or refuses it`;
    return spec.sitesWanted === 'cores' ? refuse(why) : simulated(why);
  }
  return spec.sitesWanted === 'cores' ? { kind: 'cores', reason: 'as configured', rateFactor: 1, cores } : judge(checks);
}

/** Real cores when they are quiet, at half the load when they are fair, else simulated sites. */
export function judge(checks: readonly CoreCheck[]): SiteMode {
  const worst = {
    free: Math.min(...checks.map((check) => check.free ?? 1)),
    ratio: Math.max(...checks.map((check) => check.ratio ?? Infinity)),
  };
  const seen = `at least ${Math.round(worst.free * 100)} % of every core is free, a burst takes at most ${worst.ratio.toFixed(2)} times its CPU time`;
  const cores = Object.fromEntries(checks.map((check) => [check.site, check.core]));
  const meets = (bar: typeof GOOD) => worst.free >= bar.free && worst.ratio <= bar.ratio;
  if (meets(GOOD)) return { kind: 'cores', reason: seen, rateFactor: 1, cores };
  if (meets(FAIR)) return { kind: 'cores', reason: `${seen}: at half the load`, rateFactor: 0.5, cores };
  return simulated(`the machine is too busy: ${shortfalls(worst).join(', ')}`);
}

function shortfalls(worst: typeof FAIR): string[] {
  const free = `only ${Math.round(worst.free * 100)} % of a core is free and ${FAIR.free * 100} % are needed`;
  const ratio = `a burst takes ${worst.ratio.toFixed(2)} times its CPU time and ${FAIR.ratio} is the most`;
  return [...(worst.free < FAIR.free ? [free] : []), ...(worst.ratio > FAIR.ratio ? [ratio] : [])];
}

function simulated(reason: string): SiteMode {
  return { kind: 'simulated', reason, rateFactor: 1, cores: {} };
}

function refuse(why: string): never {
  throw new Refusal('infeasible', `connectors.local.sites: cores is not possible here: ${why}`);
}

/** The core of each site, or why there is none. */
function coresOf(spec: LocalSpec): Record<string, number> | string {
  const allowed = allowedCores();
  if (!allowed) return 'this system does not say which cores may be used';
  const names = Object.keys(spec.sites);
  if (coreCount() < names.length) return `${names.length} sites need as many cores, and there are ${coreCount()}`;
  const named = new Set(Object.values(spec.sites).flatMap((site) => site.core ?? []));
  const left = allowed.filter((core) => !named.has(core));
  const cores = Object.fromEntries(names.map((name) => [name, spec.sites[name]?.core ?? left.shift() ?? -1]));
  if (new Set(Object.values(cores)).size < names.length) return 'two sites name the same core';
  const foreign = names.find((name) => !allowed.includes(cores[name] ?? -1));
  return foreign === undefined ? cores : `core ${cores[foreign]} of site ${foreign} is not among ${allowed.join(', ')}`;
}

async function checkCores(cores: Readonly<Record<string, number>>, iterationsPerMs: number): Promise<readonly CoreCheck[]> {
  const before = coreTimes();
  await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
  const after = coreTimes();
  return Promise.all(
    Object.entries(cores).map(async ([site, core]) => {
      const [a, b] = [before?.get(core), after?.get(core)];
      const free = a && b && b.total > a.total ? (b.idle - a.idle) / (b.total - a.total) : undefined;
      const ratio = await probe(core, iterationsPerMs);
      return { site, core, ...(free !== undefined && { free }), ...(ratio !== undefined && { ratio }) };
    }),
  );
}

/** Median of some bursts on a core; undefined when no process can be pinned to it. */
async function probe(core: number, iterationsPerMs: number): Promise<number | undefined> {
  const spec: ProbeSpec = { iterations: Math.round(6 * iterationsPerMs), burstMs: 6, everyMs: 60, simulated: false, factor: 1 };
  const child = startChild({ program: 'site-agent', core, env: { BERTH_PROBE: JSON.stringify(spec) } });
  const ratios: number[] = [];
  const enough = new Promise<void>((resolve) => {
    child.on('message', (message: { ratio?: number }) => {
      if (message.ratio !== undefined && ratios.push(message.ratio) >= 7) resolve();
    });
  });
  await Promise.race([enough, exited(child), new Promise((resolve) => setTimeout(resolve, 5000))]);
  await stopChild(child, 0);
  return ratios.sort((a, b) => a - b)[Math.floor((ratios.length - 1) / 2)];
}
