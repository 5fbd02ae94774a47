import { realpath } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { tailOf } from './server-process.ts';

export interface PostgresQuestion {
  /** Of a database that always exists. */
  readonly url: string;
  /** The data folder the answering server must have: a port alone proves nothing. */
  readonly data: string;
  readonly ended: () => string | undefined;
  readonly deadlineMs: number;
  readonly log: string;
}

/** Waits until the server of this data folder answers; after a crash it recovers first. Otherwise why not, as text. */
export async function waitForPostgres({ url, data, ended, deadlineMs, log }: PostgresQuestion): Promise<string> {
  const deadline = Date.now() + deadlineMs;
  let answer = 'no answer';
  while (Date.now() < deadline) {
    const why = ended();
    if (why !== undefined) return `it ended with ${why}; ${log} ends with:\n${tailOf(log)}`;
    answer = await ask(url, data);
    if (answer === 'healthy') return answer;
    await sleep(40);
  }
  return `not healthy after ${deadlineMs / 1000} s: ${answer}`;
}

async function ask(url: string, data: string): Promise<string> {
  const sql = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => undefined });
  try {
    const [row] = await sql<{ data_directory: string }[]>`show data_directory`;
    return row?.data_directory === (await realpath(data)) || row?.data_directory === data
      ? 'healthy'
      : `another server answers, with ${row?.data_directory}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await sql.end({ timeout: 1 });
  }
}
