/** What promotion, shadows, training that is taken up again, live evidence and drift keep. */
export const registryTables = `
-- What the model said of visits it had not seen, row by row: what it is compared by.
alter table model add column held_out_sha256 text;

-- Changes of all keys in the order in which they were committed; a look names the newest that it counts.
alter table alias_log add column seq int8;
update alias_log set seq = o.seq from (select key, n, row_number() over (order by at_ms, key, n) as seq from alias_log) o
where o.key = alias_log.key and o.n = alias_log.n;
alter table alias_log alter column seq set not null;
create unique index alias_log_seq on alias_log (seq);
create index alias_log_at on alias_log (key, alias, at_ms);
alter table look add column alias_seq int8;

-- Outcomes since it serves are folded in: how many, and how far p10 and p90 were moved outwards for them, in score points.
alter table evidence add column live int4 not null default 0;
alter table evidence add column low float8 not null default 0;
alter table evidence add column high float8 not null default 0;

-- One training at a time: who holds it, and when it last said that it lives.
create table training_lock (
  id int2 primary key check (id = 1),
  holder text,
  beat_ms int8 not null
);

-- How far a training had come: a blob, and the digest of the input that it belongs to.
create table training_checkpoint (
  key text primary key,
  digest text not null,
  sha256 text not null,
  saved_ms int8 not null
);

-- What a challenger would have said and done at a look, beside what was said and done.
create table shadow (
  key text not null,
  version int4 not null,
  look_ms int8 not null,
  app text not null,
  body text not null,
  primary key (key, version, look_ms, app)
);
create index shadow_look on shadow (look_ms);

create table drift (
  key text not null,
  version int4 not null,
  app text not null,
  kind text not null check (kind in ('error', 'input')),
  name text not null,
  windows int4 not null,
  effect float8 not null,
  why text not null,
  since_ms int8 not null,
  at_ms int8 not null,
  primary key (key, version, app, kind, name)
);

-- When a training was last asked for by drift.
create table retrain (
  key text primary key,
  at_ms int8 not null,
  why text not null
);
`;
