/** What was predicted, decided and proposed at each look, and what came of the predictions. */
export const lookTables = `
create table look (
  look_ms int8 primary key,
  config_version int4 not null,
  opened_ms int8 not null,
  record_only boolean not null,
  decided_ms int8,
  closed_ms int8,
  counts text,
  -- Every prediction of the look is joined with its outcome, or never will be.
  joined boolean not null default false
);
create index look_unjoined on look (look_ms) where not joined;

create table look_model (
  look_ms int8 not null,
  key text not null,
  version int4 not null,
  apps int4 not null,
  primary key (look_ms, key, version)
);

-- What predictions of a look share, found by 53 bits of its digest: ids of the sites (int32), age of each site's data in seconds and
-- its completeness (float32).
create table prediction_sites (
  look_ms int8 not null,
  id int8 not null,
  sites bytea not null,
  age_s bytea not null,
  complete bytea not null,
  primary key (look_ms, id)
) partition by range (look_ms);

-- q = p10, p50, p90 per site, then rule per site, as float32; NaN = unknown. NULL = unknown in the columns.
create table prediction (
  look_ms int8 not null,
  app int4 not null,
  sites int8 not null,
  model_key text,
  model_version int4,
  predictor int2 not null,
  placed int4,
  horizon_ms int4 not null,
  app_age_s real not null,
  app_complete real not null,
  observed float8,
  q bytea not null,
  primary key (look_ms, app)
) partition by range (look_ms);

-- Codes of domain/decision-codes.ts; -1 and NaN = absent.
create table decision (
  look_ms int8 not null,
  app int4 not null,
  verdict int2 not null,
  reason int2 not null,
  from_site int4 not null,
  to_site int4 not null,
  gain real not null,
  horizon_s real not null,
  predictor int2 not null,
  model_version int4 not null,
  policy_version int4 not null,
  wanted boolean not null,
  packed bytea not null,
  primary key (look_ms, app)
) partition by range (look_ms);
create index on decision (app, look_ms);

-- What is worth months: see decisions.ts for which decisions are copied.
create table decision_kept (
  like decision,
  primary key (look_ms, app)
) partition by range (look_ms);
create index on decision_kept (app, look_ms);

-- Outbox: stays pending until acknowledged or expired.
create table proposal (
  decision_id text primary key,
  look_ms int8 not null,
  expires_ms int8 not null,
  body text not null,
  acknowledged boolean not null default false
);
create index proposal_pending on proposal (look_ms) where not acknowledged;

create table outcome (
  look_ms int8 not null,
  app int4 not null,
  site int4 not null,
  target_ms int8 not null,
  p10 real not null,
  p50 real not null,
  p90 real not null,
  actual float8 not null,
  predictor int2 not null,
  primary key (look_ms, app)
) partition by range (look_ms);
create index on outcome (app, look_ms);
`;
