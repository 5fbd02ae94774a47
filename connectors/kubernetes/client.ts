import { randomInt } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

import type { KubeConfig } from '@kubernetes/client-node';

import { failureOf, KubernetesFailure } from './failure.ts';

export interface Call {
  readonly method: 'GET' | 'PATCH' | 'POST' | 'DELETE';
  /** From the root of the API server, e.g. `/api/v1/nodes`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
}

export interface ApplyOptions {
  readonly manager: string;
  readonly dryRun?: boolean;
  /** Take fields from whoever owns them. */
  readonly force?: boolean;
}

export interface ClientOptions {
  /** One attempt is given up after so long. */
  readonly attemptMs?: number;
  /** All attempts of one call together. */
  readonly totalMs?: number;
}

const ATTEMPTS = 4;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;
const PAGE = 500;
/** A list of some ten thousand pods; more is not an answer but an attack. */
const MOST_BYTES = 256 * 2 ** 20;

const APPLY = 'application/apply-patch+yaml';
export const JSON_PATCH = 'application/json-patch+json';

/**
 * Calls on one API server over kept-alive connections, each with a deadline. Reads are tried again while that may help; a write is tried
 * again only when the server says that it has not been carried out (429), because whether a lost one was is for the caller to look up.
 * client-node gives the credentials; its generated calls have neither deadline nor retry, and drop fields they do not know.
 */
export class KubeClient {
  readonly #load: () => KubeConfig;
  #config: KubeConfig;
  #agent: Agent | undefined;
  #agentKey = '';
  readonly #attemptMs: number;
  readonly #totalMs: number;

  constructor(load: () => KubeConfig, { attemptMs = 8_000, totalMs = 24_000 }: ClientOptions = {}) {
    this.#load = load;
    this.#config = load();
    this.#attemptMs = attemptMs;
    this.#totalMs = totalMs;
  }

  close(): void {
    this.#agent?.destroy();
  }

  async get<T>(path: string, query: Call['query'] = {}): Promise<T> {
    return (await this.call({ method: 'GET', path, query })) as T;
  }

  /** undefined = there is none of that name. */
  async find<T>(path: string): Promise<T | undefined> {
    try {
      return await this.get<T>(path);
    } catch (error) {
      if (error instanceof KubernetesFailure && error.kind === 'NotFound') return undefined;
      throw error;
    }
  }

  /** Every item, page by page. A list whose version is gone between two pages is begun anew. */
  async list<T>(path: string, query: Call['query'] = {}): Promise<readonly T[]> {
    for (let round = 0; ; round++) {
      try {
        return await this.#pages<T>(path, query);
      } catch (error) {
        if (!(error instanceof KubernetesFailure) || error.kind !== 'Expired' || round >= ATTEMPTS) throw error;
      }
    }
  }

  /** Server-side apply. Unknown fields are refused rather than dropped. */
  async apply<T>(path: string, body: unknown, { manager, dryRun = false, force = false }: ApplyOptions): Promise<T> {
    const query = { fieldManager: manager, fieldValidation: 'Strict', ...(dryRun && { dryRun: 'All' }), ...(force && { force: 'true' }) };
    return (await this.call({ method: 'PATCH', path, query, body, contentType: APPLY })) as T;
  }

  async call(call: Call): Promise<unknown> {
    const deadline = Date.now() + this.#totalMs;
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(call, Math.min(this.#attemptMs, Math.max(1, deadline - Date.now())));
      } catch (error) {
        if (!(error instanceof KubernetesFailure)) throw error;
        if (error.status === 401 && !renewed) {
          // A token may have been replaced since the file was read.
          this.#config = this.#load();
          renewed = true;
          continue;
        }
        const waitMs = waitBefore(call, error, attempt);
        if (waitMs === undefined || Date.now() + waitMs > deadline) throw error;
        await sleep(waitMs);
      }
    }
  }

  async #pages<T>(path: string, query: Call['query']): Promise<T[]> {
    const items: T[] = [];
    let next: string | undefined;
    do {
      const page = await this.get<{ items?: T[]; metadata?: { continue?: string } }>(path, { ...query, limit: `${PAGE}`, continue: next });
      items.push(...(page.items ?? []));
      next = page.metadata?.continue || undefined;
    } while (next !== undefined);
    return items;
  }

  async #attempt(call: Call, ms: number): Promise<unknown> {
    const what = `${call.method} ${call.path}`;
    const { options, url, body } = await this.#prepared(call);
    const signal = AbortSignal.timeout(ms);
    let answer: { status: number; text: string; retryAfter: string | undefined };
    try {
      answer = await exchanged(url, { ...options, signal }, body);
    } catch (error) {
      const why = signal.aborted ? `no answer within ${ms} ms` : error instanceof Error ? error.message : 'no answer';
      throw new KubernetesFailure('Unreachable', `${what}: ${why}`);
    }
    const { status, text, retryAfter } = answer;
    if (status < 200 || status > 299) throw failureOf({ status, what, body: text, retryAfter });
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw new KubernetesFailure('Unreachable', `${what}: the answer is cut off or no JSON`, { status });
    }
  }

  async #prepared(call: Call): Promise<{ options: RequestOptions; url: URL; body: string | undefined }> {
    const cluster = this.#config.getCurrentCluster();
    if (!cluster) throw new KubernetesFailure('BadInput', 'the kubeconfig has no cluster for its context');
    const url = new URL(cluster.server.replace(/\/$/, '') + call.path);
    for (const [name, value] of Object.entries(call.query ?? {})) if (value !== undefined) url.searchParams.set(name, value);
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const options: RequestOptions = {
      method: call.method,
      headers: {
        accept: 'application/json',
        'user-agent': 'berth',
        ...(body !== undefined && { 'content-type': call.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
    };
    await this.#config.applyToHTTPSOptions(options);
    options.agent = this.#agentFor(options);
    return { options, url, body };
  }

  /** One agent for all calls: a new connection costs four times the call. New credentials get a new one. */
  #agentFor(options: RequestOptions): Agent {
    const key = [options.ca, options.cert, options.key].map(String).join('|');
    if (this.#agent && this.#agentKey === key) return this.#agent;
    this.#agent?.destroy();
    this.#agentKey = key;
    const { ca, cert, key: secret, rejectUnauthorized, servername } = options;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: 16,
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(secret !== undefined && { key: secret }),
      ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
      ...(servername !== undefined && { servername }),
    });
    return this.#agent;
  }
}

/** Milliseconds until the next attempt; undefined = there is none. */
function waitBefore(call: Call, failure: KubernetesFailure, attempt: number): number | undefined {
  const again = failure.kind === 'Busy' || (call.method === 'GET' && failure.kind === 'Unreachable');
  if (!again || attempt >= ATTEMPTS) return undefined;
  if (failure.retryAfterMs !== undefined) return failure.retryAfterMs;
  const most = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS);
  return most / 2 + randomInt(Math.ceil(most / 2));
}

function exchanged(
  url: URL,
  options: RequestOptions,
  body: string | undefined,
): Promise<{ status: number; text: string; retryAfter: string | undefined }> {
  return new Promise((resolve, reject) => {
    const asked = httpsRequest(url, options, (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MOST_BYTES) asked.destroy(new Error(`the answer is larger than ${MOST_BYTES} bytes`));
        else chunks.push(chunk);
      });
      response.once('aborted', () => reject(new Error('the connection was lost in the answer')));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString('utf8'),
          retryAfter: response.headers['retry-after'],
        }),
      );
    });
    asked.once('error', reject);
    asked.end(body);
  });
}
