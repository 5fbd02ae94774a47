import { timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { z } from 'zod';
import type { Log } from './log.ts';
import { requestSchemas } from './protocol.ts';
import type { Verb } from './protocol.ts';
import { Refusal } from './refusal.ts';
import type { RefusalKind } from './refusal.ts';

type Requests = { readonly [V in Verb]: z.output<(typeof requestSchemas)[V]> };
export type Answers = { readonly [V in Verb]: (request: Requests[V]) => unknown };

const STATUS: Readonly<Record<RefusalKind, number>> = {
  'bad-request': 400,
  unauthorized: 401,
  unknown: 404,
  busy: 409,
  infeasible: 422,
  failed: 424,
  'too-large': 413,
};
const MAX_BYTES = 8 * 1024 * 1024;

/** Serves `POST /v1/<verb>` with a JSON object on a free port of 127.0.0.1, to whoever has the token. */
export async function serveControl(part: { token: string; answers: Answers; log: Log }): Promise<{ url: string; server: Server }> {
  const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    handle(request, part)
      .then((value) => reply(response, 200, value))
      .catch((error: unknown) => {
        if (!(error instanceof Refusal)) part.log('a control request failed', { url: request.url, why: (error as Error).message });
        const status = error instanceof Refusal ? STATUS[error.kind] : 500;
        const kind = error instanceof Refusal ? error.kind : 'failed';
        reply(response, status, { error: { kind, message: (error as Error).message } });
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

async function handle(request: IncomingMessage, part: { token: string; answers: Answers }): Promise<unknown> {
  if (!authorized(request.headers.authorization, part.token))
    throw new Refusal('unauthorized', 'authorization: the token of the address file is missing or wrong');
  const verb = verbOf(request);
  const parsed = requestSchemas[verb].safeParse(await bodyOf(request));
  if (!parsed.success) throw new Refusal('bad-request', problems(parsed.error));
  // The schema of the verb has just made it the request of the verb.
  const answer = part.answers[verb] as (request: unknown) => unknown;
  return answer(parsed.data);
}

function authorized(header: string | undefined, token: string): boolean {
  const [given, wanted] = [Buffer.from(header ?? ''), Buffer.from(`Bearer ${token}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function verbOf(request: IncomingMessage): Verb {
  const name = /^\/v1\/([a-z-]+)$/.exec(request.url ?? '')?.[1] ?? '';
  if (request.method !== 'POST' || !Object.hasOwn(requestSchemas, name))
    throw new Refusal('unknown', `there is no ${request.method} ${request.url}`);
  return name as Verb;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Refusal('too-large', `body: more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new Refusal('bad-request', `body: not JSON: ${(error as Error).message}`);
  }
}

function problems(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`).join('; ');
}

function reply(response: ServerResponse, status: number, value: unknown): void {
  if (response.destroyed) return;
  // The rest of a body that was not read to its end would be taken for the next request.
  const unread = status === STATUS['too-large'] && { connection: 'close' };
  response.writeHead(status, { 'content-type': 'application/json', ...unread }).end(JSON.stringify(value ?? {}));
}
