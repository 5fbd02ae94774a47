/** Who this is, what is configured, and what was seen. Ids of apps and sites are made by applying a configuration and never reused. */
export const telemetryTables = `
create table installation (
  one boolean primary key default true check (one),
  id text not null,
  made_at timestamptz not null default now()
);

create table config (
  version int4 primary key,
  digest text not null,
  body text not null,
  applied_by text not null,
  applied_ms int8 not null
);

create table app (id int4 primary key, name text not null unique);
create table site (id int4 primary key, name text not null unique);

-- Position of a series in the rows of its kind; append only, so a shorter row just lacks the newer ones.
create table series (
  kind text not null check (kind in ('site', 'app')),
  position int4 not null,
  name text not null,
  primary key (kind, position),
  unique (kind, name)
);

-- One row per entity and scrape; v = float32 little endian in the order of series, NaN = missing.
create table sample_site (
  entity int4 not null,
  at_ms int8 not null,
  v bytea not null,
  primary key (entity, at_ms)
) partition by range (at_ms);

create table sample_app (
  entity int4 not null,
  at_ms int8 not null,
  placed int4,
  v bytea not null,
  primary key (entity, at_ms)
) partition by range (at_ms);

-- Rows arrive in the order of time, so these cost next to nothing and serve "the whole fleet, the last minutes".
create index on sample_site using brin (at_ms) with (pages_per_range = 32);
create index on sample_app using brin (at_ms) with (pages_per_range = 32);

-- Last known placement of an app, and since when; an unknown placement leaves the last known one standing.
create table placement (app int4 primary key, site int4 not null, since_ms int8 not null);
`;
