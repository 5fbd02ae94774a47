/** The breaker reads how the newest moves ended, at every claim. */
export const claimsByEnd = `
create index claim_by_end on claim (ended_ms desc) where ended is not null;
`;
