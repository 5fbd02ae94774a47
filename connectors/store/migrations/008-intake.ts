/** How far outside sources of telemetry were read; a source goes on from there after any crash. */
export const intakeTable = `
create table intake (
  source text primary key,
  until_ms int8,
  asked_ms int8 not null,
  problems text[] not null default '{}'
);
`;
