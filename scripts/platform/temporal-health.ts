import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';

export interface HealthQuestion {
  readonly address: string;
  readonly namespace: string;
  readonly searchAttributes: Readonly<Record<string, string>>;
  /** Why the server has ended, if it has: then nobody waits on. */
  readonly ended: () => string | undefined;
  readonly deadlineMs: number;
}

/** Waits until the server answers and has the namespace and the search attributes; otherwise what is missing, as text. */
export async function waitForTemporal(question: HealthQuestion): Promise<string> {
  const deadline = Date.now() + question.deadlineMs;
  let answer = 'no answer';
  while (Date.now() < deadline) {
    const ended = question.ended();
    if (ended !== undefined) return `it ended with ${ended}`;
    answer = await ask(question);
    if (answer === 'healthy') return answer;
    await sleep(50);
  }
  return `not healthy after ${question.deadlineMs / 1000} s: ${answer}`;
}

/** A gRPC channel that met a closed port tries again only after a second; a bare connection knows at once. */
function listens(address: string): Promise<boolean> {
  const [host = '', port = ''] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: 1000 });
    const answer = (open: boolean) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', answer(true)).once('timeout', answer(false)).once('error', answer(false));
  });
}

async function ask({ address, namespace, searchAttributes }: HealthQuestion): Promise<string> {
  if (!(await listens(address))) return 'nothing listens';
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: 1000 });
    return await connection.withDeadline(Date.now() + 2000, async () => {
      await connection?.workflowService.describeNamespace({ namespace });
      const known = await connection?.operatorService.listSearchAttributes({ namespace });
      const missing = Object.keys(searchAttributes).filter((name) => !(name in (known?.customAttributes ?? {})));
      return missing.length === 0 ? 'healthy' : `search attributes ${missing.join(', ')} are missing`;
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await connection?.close();
  }
}
