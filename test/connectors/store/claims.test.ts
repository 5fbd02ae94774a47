import { expect, test } from 'vitest';
import type { ClaimRequest } from '../../../domain/records.ts';
import { sampleConfig } from './sample-config.ts';
import { T0, withStore } from './store-fixture.ts';

const fixture = withStore(sampleConfig({ apps: 120, sites: 40, budgets: { fleet: 5, namespace: 5, source: 2, destination: 2 } }));

function request(n: number, change: Partial<ClaimRequest> = {}): ClaimRequest {
  return {
    decisionId: `a${n}-${T0}`, app: `a${n}`, from: `s${n % 20}`, to: `s${20 + (n % 20)}`, origin: 'look', reason: 'gain', by: 'berth',
    predictedGain: 0.2, workflowId: `move/a${n}/a${n}-${T0}`, nowMs: T0, ...change,
  };
}

async function endAll(): Promise<void> {
  for (const claim of await fixture.store.openClaims()) await fixture.store.endClaim(claim.decisionId, { end: 'done', atMs: T0 + 1 });
}

test('of a hundred concurrent claims never more than the budget are open', async () => {
  const { store } = fixture;
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => store.claimMove(request(n))));
  expect(answers.filter((a) => a.admitted)).toHaveLength(5);
  expect(await store.openClaims()).toHaveLength(5);
  const refusals = answers.flatMap((a) => (a.admitted ? [] : [a.refusal]));
  expect(new Set(refusals)).toEqual(new Set(['budget fleet: 5 of 5 moves open']));
  await endAll();
});

test('a hundred concurrent requests of one decision are one claim', async () => {
  const { store } = fixture;
  const answers = await Promise.all(Array.from({ length: 100 }, () => store.claimMove(request(101))));
  expect(answers.every((a) => a.admitted && a.claim.decisionId === `a101-${T0}`)).toBe(true);
  expect(await store.openClaims()).toHaveLength(1);
  expect(await store.claimMove(request(101, { decisionId: 'a101-2' }))).toEqual({ admitted: false, refusal: `app a101 has an open move already: a101-${T0}` });
  expect(await store.claimMove(request(101, { to: 's39' }))).toMatchObject({ admitted: false });
  await endAll();
});
