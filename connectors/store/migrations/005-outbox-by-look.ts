/** The outbox is trimmed by look, and settled proposals are most of it. */
export const outboxByLook = `
create index proposal_by_look on proposal (look_ms);
`;
