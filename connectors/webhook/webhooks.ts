import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Delivery, Notifier } from '../ports.ts';
import { addressProblem, hostOf } from '../http/address.ts';
import { guardedLookup } from '../http/guarded-lookup.ts';
import { type Environment, readSecret } from '../http/secret.ts';
import { signedHeaders } from './sign.ts';

export interface WebhookOptions {
  /** Of the process; secrets are read from it by name. */
  readonly environment: Environment;
  readonly clock: () => number;
}

/** Events by HTTP POST, signed; a redirect is not followed, and only the status of an answer counts. */
export function webhooks({ environment, clock }: WebhookOptions): Notifier {
  return {
    async send(event, { url, secret, timeout }) {
      const body = JSON.stringify(event);
      let headers: Record<string, string>;
      try {
        headers = signedHeaders({ id: event.id, body }, await readSecret(secret, environment), clock());
      } catch (error) {
        return { delivered: false, why: messageOf(error), down: true };
      }
      return await post(new URL(url), { body, headers, timeoutMs: timeout * 1000 });
    },
  };
}

interface Post {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

const CONTENT_TYPE = 'application/cloudevents+json; charset=utf-8';

async function post(url: URL, { body, headers, timeoutMs }: Post): Promise<Delivery> {
  const host = hostOf(url);
  // A literal address is never looked up, so it is judged here.
  const problem = isIP(host) > 0 ? addressProblem(host, host) : undefined;
  if (problem !== undefined) return { delivered: false, why: `the address ${problem}`, down: true };
  try {
    const status = await statusOf(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': CONTENT_TYPE, 'content-length': Buffer.byteLength(body), 'user-agent': 'berth' },
      lookup: guardedLookup(host),
      // One connection per event: a receiver that has moved is found at its new address.
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
      body,
    });
    return answerOf(status);
  } catch (error) {
    return { delivered: false, why: messageOf(error), down: true };
  }
}

function answerOf(status: number): Delivery {
  if (status >= 200 && status < 300) return { delivered: true };
  if (status >= 300 && status < 400)
    return { delivered: false, why: `it answers with a redirect (${status}), which is not followed`, down: true };
  return { delivered: false, why: `it answers with status ${status}`, down: status >= 500 || status === 429 };
}

async function statusOf(url: URL, { body, ...options }: RequestOptions & { body: string }): Promise<number> {
  return await new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const sent = request(url, options, (answer: IncomingMessage) => {
      // Whatever it says beyond its status is not read.
      answer.destroy();
      resolve(answer.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Without the address: it may carry a token in its path. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'it does not answer in time';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return code ?? error.message;
}
