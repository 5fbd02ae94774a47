import { isFresh } from './assess.ts';
import type { Config } from './config.ts';
import { enabledApps } from './enabled.ts';
import type { PredictionRow } from './records.ts';

/** Of how much of the fleet fresh samples are there at a look. */
export interface Sight {
  readonly apps: number;
  readonly appsSeen: number;
  /** Sites that some app may run on. */
  readonly sites: number;
  readonly sitesSeen: number;
  /** Share of the apps, or of the sites, that may be without. */
  readonly limit: number;
}

/**
 * An app is seen when its newest sample is as fresh as its policy wants, a site when its samples are fresh enough for one of the apps that may run
 * there. `lateS`: seconds that have gone since the ages of the predictions were taken.
 */
export function sightOf(predictions: Iterable<PredictionRow>, config: Config, lateS: number): Sight {
  const seen = new Set<string>();
  let appsSeen = 0;
  for (const row of predictions) {
    const policy = config.policies[config.apps[row.app]?.policy ?? ''];
    if (!policy) continue;
    if (isFresh({ policy }, row.appAgeS + lateS)) appsSeen++;
    for (const [i, site] of row.sites.entries()) if (isFresh({ policy }, (row.ageS[i] ?? NaN) + lateS)) seen.add(site);
  }
  const sites = sitesInUse(config);
  return {
    apps: enabledApps(config).length,
    appsSeen,
    sites: sites.size,
    sitesSeen: [...sites].filter((site) => seen.has(site)).length,
    limit: config.blind.above,
  };
}

/** Too much of the fleet is unseen: what looks like a difference between sites may be one between what is measured and what is not. */
export function isBlind({ apps, appsSeen, sites, sitesSeen, limit }: Sight): boolean {
  return apps - appsSeen > limit * apps || sites - sitesSeen > limit * sites;
}

function sitesInUse(config: Config): ReadonlySet<string> {
  const allowed = enabledApps(config).map((app) => config.apps[app]?.sites);
  return new Set(allowed.flatMap((sites) => sites ?? Object.keys(config.sites)));
}
