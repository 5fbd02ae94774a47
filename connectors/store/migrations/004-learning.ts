/** Profiles, the registry and what is known of each model. */
export const learningTables = `
create table profile (
  id text primary key,
  app text not null,
  created_ms int8 not null,
  body text not null
);
create index profile_newest on profile (app, created_ms);

-- The row that is locked while a version is added or an alias is set.
create table model_key (key text primary key);

create table model (
  key text not null references model_key,
  version int4 not null,
  onnx_sha256 text not null,
  contract text not null,
  contract_digest text not null,
  served_by text not null check (served_by in ('model', 'baseline')),
  report text not null,
  profile_id text not null,
  created_ms int8 not null,
  primary key (key, version),
  unique (key, onnx_sha256, contract_digest)
);

create table alias (
  key text not null,
  alias text not null check (alias in ('champion', 'challenger', 'previous')),
  version int4 not null,
  primary key (key, alias),
  foreign key (key, version) references model
);

create table alias_log (
  key text not null references model_key,
  n int4 not null,
  alias text not null,
  version int4 not null,
  by_whom text not null,
  why text not null,
  at_ms int8 not null,
  primary key (key, n)
);

create table evidence (
  key text not null,
  version int4 not null,
  app text not null,
  site text not null,
  samples int4 not null,
  newest_ms int8 not null,
  error float8 not null,
  coverage float8 not null,
  primary key (key, version, app, site)
);
`;
