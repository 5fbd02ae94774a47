import { expect, test } from 'vitest';

import type { PredictionRow } from '../../domain/records.ts';
import { isBlind, sightOf } from '../../domain/sight.ts';
import { sampleConfig } from '../connectors/store/sample-config.ts';

/** Four apps on four sites; freshness is the default 30 s. */
const config = sampleConfig({ apps: 4, sites: 4 });
const row = (app: string, appAgeS: number, ageS: readonly number[]): PredictionRow => ({
  app,
  predictor: 'none',
  sites: ['s0', 's1', 's2', 's3'],
  q: new Float32Array(12).fill(NaN),
  rule: new Float32Array(4).fill(NaN),
  ageS: Float32Array.from(ageS),
  appAgeS,
  complete: new Float32Array(4),
  appComplete: 0,
  horizonMs: 1000,
});

test('apps and sites with fresh samples are counted, a site once, an age of no sample not at all', () => {
  const rows = [row('a0', 1, [1, 31, NaN, Infinity]), row('a1', 30, [1, 1, NaN, -31]), row('a2', 31, [99, 99, 99, 99])];
  expect(sightOf(rows, config, 0)).toEqual({ apps: 4, appsSeen: 2, sites: 4, sitesSeen: 2, limit: 0.45 });
});

test('an app that is turned off is not missed, nor a site that only it may run on', () => {
  const apps = Object.fromEntries(
    Object.entries(config.apps).map(([name, app]) => [name, name === 'a0' ? { ...app, enabled: false } : app]),
  );
  expect(sightOf([], { ...config, apps }, 0)).toMatchObject({ apps: 3 });
  expect(sightOf([], { ...config, enabled: false }, 0)).toMatchObject({ apps: 0, sites: 0 });
});

test('what was fresh when it was read is not when the decision comes late', () => {
  expect(sightOf([row('a0', 1, [1, 1, 1, 29.5])], config, 29)).toMatchObject({ appsSeen: 1, sitesSeen: 3 });
});

test.each([
  [{ apps: 20, appsSeen: 11, sites: 20, sitesSeen: 11 }, false], // 9 of 20 are 45 %: not more
  [{ apps: 20, appsSeen: 10, sites: 20, sitesSeen: 20 }, true],
  [{ apps: 20, appsSeen: 20, sites: 20, sitesSeen: 10 }, true],
  [{ apps: 1, appsSeen: 1, sites: 3, sitesSeen: 2 }, false],
  [{ apps: 0, appsSeen: 0, sites: 0, sitesSeen: 0 }, false],
])('%j is blind: %s', (sight, blind) => {
  expect(isBlind({ ...sight, limit: 0.45 })).toBe(blind);
  expect(isBlind({ ...sight, limit: 1 })).toBe(false);
});
