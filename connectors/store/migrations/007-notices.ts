/** The outbox of events for people and systems outside. */
export const noticeTables = `
create table notice (
  id text primary key,
  kind text not null,
  app text,
  at_ms int8 not null,
  data text not null,
  -- Every receiver of the configuration has it.
  settled boolean not null default false
);
create index notice_unsettled on notice (at_ms) where not settled;
create index notice_at on notice (at_ms);

-- One row per notice and receiver, from the first try on.
create table notice_delivery (
  notice text not null references notice on delete cascade,
  receiver text not null,
  tries int4 not null,
  next_ms int8 not null,
  delivered_ms int8,
  failure text,
  primary key (notice, receiver)
);
`;
