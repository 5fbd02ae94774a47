import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

import { Tally } from '../../activities/meter.ts';
import { decide } from '../../domain/decide.ts';
import { openMetrics } from '../../workers/parts/metrics/metrics.ts';
import { sampleConfig } from '../connectors/store/sample-config.ts';
import { T0, withStore } from '../connectors/store/store-fixture.ts';
import { hasPrometheus } from '../connectors/prometheus/real-prometheus.ts';
import { decideCase } from '../domain/decide-case.ts';

const at = withStore(sampleConfig({ apps: 4, sites: 4 }));
const clock = () => T0 + 500;
const ofStore = () => openMetrics({ clock, store: at.store });
/** Name with labels to value, of the metrics that are berth's own. */
const own = (text: string): Record<string, number> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.startsWith('berth_'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
const BLIND = { apps: 4, appsSeen: 2, sites: 4, sitesSeen: 4, limit: 0.45 };

async function lookThatIsBlind(): Promise<void> {
  await at.store.openLook({ lookMs: T0, configVersion: 1, openedMs: T0, recordOnly: false });
  const decision = decide(decideCase({ app: 'a0', lookMs: T0, nowMs: T0, previousMs: T0 - 1000, sight: BLIND }));
  const candidates = decision.candidates.map((c, i) => ({ ...c, site: `s${i}` }));
  await at.store.writeDecisions(T0, [{ ...decision, from: 's0', to: 's1', candidates }], [], T0 + 1);
}

test('before anything has happened what cannot be told is missing, not zero', async () => {
  const shown = own(await ofStore().text());
  expect(shown).toMatchObject({ berth_store_up: 1, berth_apps: 4, berth_looks_total: 0, 'berth_decisions_total{verdict="move"}': 0 });
  for (const name of ['berth_last_look_timestamp_seconds', 'berth_fleet_blind', 'berth_prediction_error', 'berth_intake_age_seconds'])
    expect(Object.keys(shown).filter((key) => key.startsWith(name))).toEqual([]);
});

test('the state of the fleet is what the store says', async () => {
  await lookThatIsBlind();
  await at.store.mirrorController({ app: 'a0', seq: 1, paused: true, excluded: [], quarantine: [] });
  const forced = { origin: 'override', reason: 'disks', by: 'ann' } as const;
  const claim = { decisionId: 'd1', app: 'a1', from: 's0', to: 's1', workflowId: 'w', nowMs: T0, ...forced };
  expect(await at.store.claimMove(claim)).toMatchObject({ admitted: true });
  const shown = own(await ofStore().text());
  expect(shown).toMatchObject({
    berth_last_look_timestamp_seconds: T0 / 1000,
    berth_fleet_blind: 1,
    'berth_seen_ratio{of="apps"}': 0.5,
    'berth_seen_ratio{of="sites"}': 1,
    'berth_apps_held{state="paused"}': 1,
    'berth_apps_held{state="frozen"}': 0,
    'berth_fleet_held{state="breaker"}': 0,
    'berth_moves_open{budget="fleet"}': 1,
    'berth_moves_open{budget="destination"}': 1,
    'berth_moves_budget{budget="fleet"}': 5,
  });
});

test('looks and moves are counted where they happen', async () => {
  const { meter, text } = openMetrics({ clock });
  const tally = new Tally();
  tally.add(decide(decideCase()));
  tally.add(decide(decideCase({ sight: BLIND })));
  meter.decided({ lookMs: T0, tally });
  meter.moveEnded({ origin: 'look', end: 'done' });
  const shown = own(await text());
  expect(shown).toMatchObject({
    berth_looks_total: 1,
    berth_look_delay_seconds_sum: 0.5,
    'berth_decisions_total{verdict="hold"}': 1,
    'berth_gate_refusals_total{gate="blind"}': 1,
    'berth_gate_refusals_total{gate="pause"}': 0,
    'berth_moves_total{end="done",origin="look"}': 1,
    'berth_input_age_seconds_count{of="app"}': 2,
  });
});

test('a store that does not answer is said, and nothing of the fleet is made up', async () => {
  const store = { ...at.store, config: () => Promise.reject(new Error('gone')) };
  const shown = Object.keys(own(await openMetrics({ clock, store }).text()));
  expect(shown).toContain('berth_store_up');
  expect(shown.filter((key) => /^berth_(apps|fleet|moves_open)/.test(key))).toEqual([]);
});

test.skipIf(!hasPrometheus)('Prometheus takes all of it without a complaint', async () => {
  const text = await openMetrics({ clock, store: at.store, sdk: async () => '# TYPE temporal_x counter\ntemporal_x 1\n' }).text();
  const own = text
    .split('\n')
    .filter((line) => /berth_/.test(line))
    .join('\n');
  expect(execFileSync('promtool', ['check', 'metrics'], { input: `${own}\n`, encoding: 'utf8' })).toBe('');
  expect(text).toContain('temporal_x 1');
});
