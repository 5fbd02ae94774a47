import { connect as openSocket } from 'node:net';
import type { Socket } from 'node:net';
import postgres from 'postgres';

interface Types extends Record<string, number> {
  bigint: number;
  real: number;
}
export type Sql = postgres.Sql<Types>;
export type Tx = postgres.TransactionSql<Types>;
/** A pool or a transaction: what only reads or writes one statement takes either. */
export type Db = postgres.ISql<Types>;

/** Postgres schema of an installation. */
export const SCHEMA = 'berth';
/** Type of a bytea[] parameter: the driver would guess bytea from its first element. */
export const BYTEA_ARRAY = 1001;

export interface Connection {
  readonly url: string;
  readonly max?: number;
  /** Longest a single statement may take, in seconds. */
  readonly deadlineS?: number;
}

export const DEADLINE_S = 30;

/**
 * A pool of connections with a deadline on everything. int8 columns are epoch ms and counts, so they are read as numbers.
 * Throws when the URL is not one; the message never repeats it, because it carries the password.
 */
export function connect({ url, max = 8, deadlineS = DEADLINE_S }: Connection): Sql {
  checkUrl(url);
  // A variable, because the driver's types lack `socket`.
  const options = {
    max,
    connect_timeout: 10,
    idle_timeout: 60,
    // Seconds before the next try. The driver's own goes up to 20, which would outlast the restart of a server by far.
    backoff: (tries: number) => Math.min(0.05 * 2 ** tries, 1),
    onnotice: () => {},
    socket: promptSocket(),
    types: {
      bigint: { to: 20, from: [20], parse: Number, serialize: String },
      // The server writes the shortest text that tells a float32; as a double that is another number.
      real: { to: 700, from: [700], parse: (text: string) => Math.fround(Number(text)), serialize: String },
    },
    connection: {
      application_name: 'berth',
      search_path: SCHEMA,
      statement_timeout: Math.ceil(deadlineS * 1000),
      idle_in_transaction_session_timeout: Math.ceil(deadlineS * 2000),
      work_mem: '32MB',
      TimeZone: 'UTC',
    },
  };
  return postgres(url, options);
}

interface Address {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path?: string | false;
}

/**
 * Sockets without Nagle's delay: a COPY is several small writes, and each would wait 40 ms for the server's late ACK. The driver
 * writes at once and hears of a failure by the events of the socket, so it is not waited for. Several hosts are tried in turn.
 */
function promptSocket(): (address: Address) => Socket {
  let turn = 0;
  return ({ host, port, path }) => {
    if (path) return openSocket({ path });
    const at = turn++ % host.length;
    return openSocket({ host: host[at] ?? '127.0.0.1', port: port[at] ?? 5432, noDelay: true });
  };
}

function checkUrl(url: string): void {
  const form = 'the database address must look like postgres://user:password@host:port/database';
  if (!URL.canParse(url)) throw new RangeError(form);
  const { protocol, pathname } = new URL(url);
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') throw new RangeError(`${form}; it begins with ${protocol}`);
  if (pathname.length < 2) throw new RangeError(`${form}; the database is missing`);
}
