import { readAddress } from './lock.ts';
import { failureSchema } from './protocol.ts';
import type { Verb } from './protocol.ts';
import { Refusal } from './refusal.ts';

/** No daemon answers for the folder: it is starting, or gone. Worth trying again. */
export class DaemonGone extends Error {
  constructor(dir: string, why: string) {
    super(`the local cluster of ${dir} does not answer: ${why}`);
    this.name = 'DaemonGone';
  }
}

/**
 * Asks the daemon of a folder. The address is read every time, because a daemon that was started again has another one.
 * Throws `Refusal` with the daemon's own words, or `DaemonGone`.
 */
export async function askDaemon<T>(dir: string, verb: Verb, request: object, timeoutMs = 30_000): Promise<T> {
  const address = readAddress(dir);
  if (!address) throw new DaemonGone(dir, 'there is no address file');
  const answer = await post(`${address.url}/v1/${verb}`, address.token, request, timeoutMs).catch((error: unknown) => {
    throw new DaemonGone(dir, reasonOf(error));
  });
  if (answer.status === 200) return answer.body as T;
  const failure = failureSchema.safeParse(answer.body);
  if (!failure.success) throw new DaemonGone(dir, `status ${answer.status} without a reason`);
  // Another daemon has the port that a dead one of ours had.
  if (failure.data.error.kind === 'unauthorized') throw new DaemonGone(dir, 'another program answers at its address');
  throw new Refusal(failure.data.error.kind, failure.data.error.message);
}

async function post(url: string, token: string, request: object, timeoutMs: number): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, {
    method: 'POST',
    // One connection per question: a kept one may be closed by the daemon just when it is used again.
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(timeoutMs),
  });
  return { status: response.status, body: await response.json() };
}

function reasonOf(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  return cause?.code ?? cause?.message ?? (error as Error).message;
}
