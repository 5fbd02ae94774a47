import type { ProfileRow } from '../../domain/records.ts';
import type { Store } from './types.ts';
import type { Sql } from './connect.ts';

interface Row {
  readonly id: string;
  readonly app: string;
  readonly created_ms: number;
  readonly body: string;
}

export function createProfiles(sql: Sql): Pick<Store, 'saveProfile' | 'profile' | 'latestProfile'> {
  return {
    /** Saved again under the same id, it is replaced: a profile may be stored visit by visit. */
    async saveProfile({ id, app, createdMs, profile }) {
      await sql`
        insert into profile (id, app, created_ms, body) values (${id}, ${app}, ${createdMs}, ${JSON.stringify(profile)})
        on conflict (id) do update set app = excluded.app, created_ms = excluded.created_ms, body = excluded.body`;
    },
    async profile(id) {
      const [row] = await sql<Row[]>`select * from profile where id = ${id}`;
      return row && readProfile(row);
    },
    async latestProfile(app) {
      const [row] = await sql<Row[]>`select * from profile where app = ${app} order by created_ms desc, id desc limit 1`;
      return row && readProfile(row);
    },
  };
}

function readProfile({ id, app, created_ms: createdMs, body }: Row): ProfileRow {
  return { id, app, createdMs, profile: JSON.parse(body) as unknown };
}
