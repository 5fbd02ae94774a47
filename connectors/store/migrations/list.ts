import { telemetryTables } from './001-telemetry.ts';
import { lookTables } from './002-looks.ts';
import { moveTables } from './003-moves.ts';
import { learningTables } from './004-learning.ts';
import { outboxByLook } from './005-outbox-by-look.ts';
import { claimsByEnd } from './006-claims-by-end.ts';
import { noticeTables } from './007-notices.ts';
import { intakeTable } from './008-intake.ts';
import { registryTables } from './009-registry.ts';
import { scoreIfStayed } from './010-score-if-stayed.ts';

export interface Migration {
  readonly id: number;
  readonly name: string;
  readonly sql: string;
}

/** In the order in which they are applied. A released migration never changes: databases keep its digest. */
export const MIGRATIONS: readonly Migration[] = [
  { id: 1, name: 'telemetry', sql: telemetryTables },
  { id: 2, name: 'looks', sql: lookTables },
  { id: 3, name: 'moves', sql: moveTables },
  { id: 4, name: 'learning', sql: learningTables },
  { id: 5, name: 'outbox by look', sql: outboxByLook },
  { id: 6, name: 'claims by end', sql: claimsByEnd },
  { id: 7, name: 'notices', sql: noticeTables },
  { id: 8, name: 'intake', sql: intakeTable },
  { id: 9, name: 'registry', sql: registryTables },
  { id: 10, name: 'score if stayed', sql: scoreIfStayed },
];
