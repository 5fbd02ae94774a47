import { expect, test } from 'vitest';
import { claimOf } from '../../domain/claim-of.ts';

test.each([
  ['web-1700000000000', 'web-1700000000000'],
  ['web-1700000000000/undo', 'web-1700000000000'],
  ['web-profile-0b0d/0', 'web-profile-0b0d'],
  ['web-profile-0b0d/12', 'web-profile-0b0d'],
  ['web-profile-0b0d/x', 'web-profile-0b0d/x'],
])('%s belongs to the claim %s', (changeId, claim) => {
  expect(claimOf(changeId)).toBe(claim);
});
