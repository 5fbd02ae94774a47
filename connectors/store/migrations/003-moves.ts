/** Claims, and the mirrors of the controllers. Few rows, so names stand in them as they are. */
export const moveTables = `
create table claim (
  decision_id text primary key,
  app text not null,
  namespace text not null,
  from_site text not null,
  to_site text not null,
  origin text not null,
  reason text not null,
  by_whom text not null,
  predicted_gain float8,
  workflow_id text not null,
  opened_ms int8 not null,
  snapshot text,
  phases jsonb not null default '[]',
  ended text check (ended in ('done', 'reverted', 'revert-failed', 'refused')),
  ended_ms int8,
  why text,
  score_before float8,
  score_after float8,
  failed_requests int4,
  check ((ended is null) = (ended_ms is null))
);
create unique index claim_open on claim (app) where ended is null;
create index claim_recent on claim (app, opened_ms);

create table controller (app text primary key, seq int8 not null, body text not null);
create table fleet (one boolean primary key default true check (one), seq int8 not null, body text not null);
`;
