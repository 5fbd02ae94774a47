/** What an app would have scored on the site that a move took it from, over the time in which it was verified. */
export const scoreIfStayed = `
alter table claim add column score_if_stayed float8;
`;
