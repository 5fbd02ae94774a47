import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Check {
  readonly name: string;
  /** Resolves when all is well, rejects with what is not. */
  readonly check: () => Promise<void>;
}

/** Serves /healthz (the process answers), /readyz (every check passes, each named) and /metrics. Returns its address and its stop. */
export async function serveHealth(
  at: { host: string; port: number },
  checks: readonly Check[],
  metrics?: () => Promise<string>,
): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    if (request.url === '/healthz') return void response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n');
    if (request.url === '/metrics' && metrics) return void answerMetrics(response, metrics);
    if (request.url !== '/readyz') return void response.writeHead(404).end();
    void judge(checks).then(({ ready, lines }) =>
      response.writeHead(ready ? 200 : 503, { 'content-type': 'text/plain' }).end(`${lines.join('\n')}\n`),
    );
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(at.port, at.host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${at.host}:${port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.closeAllConnections();
        server.close((error) => (error ? reject(error) : resolve()));
      }),
  };
}

async function answerMetrics(response: ServerResponse, metrics: () => Promise<string>): Promise<void> {
  try {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(await metrics());
  } catch {
    response.writeHead(500).end();
  }
}

async function judge(checks: readonly Check[]): Promise<{ ready: boolean; lines: string[] }> {
  const results = await Promise.all(
    checks.map(async ({ name, check }) => {
      try {
        await check();
        return { ok: true, line: `${name}: ok` };
      } catch (error) {
        return { ok: false, line: `${name}: ${error instanceof Error ? error.message : 'failed'}` };
      }
    }),
  );
  return { ready: results.every((r) => r.ok), lines: results.map((r) => r.line) };
}
