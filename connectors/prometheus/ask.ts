import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { addressProblem, hostOf } from '../http/address.ts';
import { guardedLookup, LookupRefused } from '../http/guarded-lookup.ts';
import { type Unknown, unknown } from './unknown.ts';

export interface Ask {
  /** One question, as a form, to `/api/v1/<path>`; the answer is the body of a 200 or 4xx as it came. */
  post(path: string, form: Readonly<Record<string, string>>): Promise<{ readonly status: number; readonly body: string } | Unknown>;
  close(): void;
}

export interface AskOptions {
  readonly url: string;
  readonly token?: string;
  readonly timeoutMs: number;
  /** Longest body that is read, in bytes; absent: 8 MiB. */
  readonly maxBytes?: number;
}

const MAX_BYTES = 8 * 2 ** 20;

/** Speaks to one Prometheus: no redirects, no address the guard refuses, bounded in time and size, over kept connections. */
export function openAsk(options: AskOptions): Ask {
  const base = new URL(options.url);
  const secure = base.protocol === 'https:';
  const agent = secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  return {
    async post(path, form) {
      const host = hostOf(base);
      const literal = isIP(host) > 0 ? addressProblem(host, host) : undefined;
      if (literal !== undefined) return unknown('refused-address', `the address ${literal}`);
      const url = new URL(`${base.pathname.replace(/\/$/, '')}/api/v1/${path}`, base);
      try {
        return await answer(url, { agent, host, secure, body: new URLSearchParams(form).toString(), ...options });
      } catch (error) {
        return failed(error, options.timeoutMs);
      }
    },
    close: () => agent.destroy(),
  };
}

interface Sent extends AskOptions {
  readonly agent: HttpAgent;
  readonly host: string;
  readonly secure: boolean;
  readonly body: string;
}

async function answer(url: URL, sent: Sent): Promise<{ status: number; body: string } | Unknown> {
  const signal = AbortSignal.timeout(sent.timeoutMs);
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = (sent.secure ? httpsRequest : httpRequest)(url, {
      method: 'POST',
      agent: sent.agent,
      lookup: guardedLookup(sent.host),
      signal,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(sent.body),
        'user-agent': 'berth',
        ...(sent.token !== undefined && { authorization: `Bearer ${sent.token}` }),
      },
    });
    request.on('response', resolve).on('error', reject).end(sent.body);
  });
  const status = reply.statusCode ?? 0;
  if (status >= 300 && status < 400) {
    reply.destroy();
    return unknown('redirect', `it answers with a redirect (${status}), which is not followed`);
  }
  const limit = sent.maxBytes ?? MAX_BYTES;
  const body = await readUpTo(reply, limit);
  if (body === undefined) return unknown('too-large', `its answer is longer than ${limit} bytes; ask for fewer series or a coarser step`);
  return judged(status, reply, body);
}

/** The body, or undefined when it is longer than the limit; a body that breaks off is an error. */
async function readUpTo(reply: IncomingMessage, limit: number): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of reply as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > limit) {
      reply.destroy();
      return undefined;
    }
    parts.push(part);
  }
  if (!reply.complete) throw Object.assign(new Error('the answer broke off'), { code: 'ECONNRESET' });
  return Buffer.concat(parts).toString('utf8');
}

function judged(status: number, reply: IncomingMessage, body: string): { status: number; body: string } | Unknown {
  if (status === 401 || status === 403) return unknown('unauthorized', `it answers ${status}: its token is missing or not accepted`);
  const busy = status === 429 || status === 503;
  if (busy || status >= 500) {
    const said = unknown(busy ? 'overloaded' : 'server-error', `it answers ${status}`, true);
    const after = Number(reply.headers['retry-after']);
    return Number.isFinite(after) && after >= 0 ? { ...said, retryAfterS: after } : said;
  }
  return { status, body };
}

function failed(error: unknown, timeoutMs: number): Unknown {
  if (error instanceof LookupRefused) return unknown('refused-address', error.message);
  if (!(error instanceof Error)) return unknown('unreachable', 'the request failed', true);
  if (error.name === 'TimeoutError' || error.name === 'AbortError')
    return unknown('timeout', `no answer within ${timeoutMs / 1000} s`, true);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return unknown('unreachable', `no connection (${code})`, true);
}
