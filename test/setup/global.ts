import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { checkoutFolder } from '../../scripts/platform/checkout.ts';
import { builtControlPlane, HOW_TO_BUILD } from '../../scripts/run/control-plane.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Address of the desk where test files ask for servers. */
    berthDesk: string;
  }
}

type Offer = () => Promise<Record<string, string>>;

/**
 * One Temporal in memory and one Postgres for the whole run, started when the first test file asks, so that pure tests pay for neither.
 * They end with this process however it ends.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), 'berth-test-'));
  const stops: (() => Promise<unknown>)[] = [];
  const desk = await openDesk({
    temporal: once(() => offerTemporal(dir, stops)),
    postgres: once(() => offerPostgres(dir, stops)),
    bundle: once(() => offerBundle(dir)),
    kubernetes: once(() => offerKubernetes(dir, stops)),
  });
  project.provide('berthDesk', desk.url);
  if ((await builtControlPlane(process.env)) === undefined) say(`skipped: the tests against Kubernetes, because ${HOW_TO_BUILD}`);
  return async () => {
    await desk.close();
    for (const stop of stops.reverse()) await stop();
    await rm(dir, { recursive: true, force: true });
  };
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function offerTemporal(dir: string, stops: (() => Promise<unknown>)[]): Promise<Record<string, string>> {
  const { startTemporal } = await import('../../scripts/platform/temporal-server.ts');
  const server = await startTemporal({ dir: join(dir, 'temporal'), dbFile: false, dieWithParent: true, say });
  stops.push(() => server.stop());
  return { address: server.address, namespace: server.namespace };
}

async function offerPostgres(dir: string, stops: (() => Promise<unknown>)[]): Promise<Record<string, string>> {
  const { removePostgres, startPostgres } = await import('../../scripts/platform/postgres-server.ts');
  const server = await startPostgres({ dir: join(dir, 'postgres'), fsync: false, dieWithParent: true, say });
  stops.push(async () => {
    await server.stop();
    await removePostgres(join(dir, 'postgres'));
  });
  return { url: server.url };
}

async function offerBundle(dir: string): Promise<Record<string, string>> {
  const { bundleWorkflows } = await import('../../scripts/platform/bundle-workflows.ts');
  const path = join(dir, 'workflow-bundle.js');
  await bundleWorkflows(join(checkoutFolder(), 'workflows', 'index.ts'), path);
  return { path };
}

async function offerKubernetes(dir: string, stops: (() => Promise<unknown>)[]): Promise<Record<string, string>> {
  const program = await builtControlPlane(process.env);
  if (program === undefined) throw new Error(HOW_TO_BUILD);
  const { startControlPlane } = await import('../../scripts/kubernetes/start-control-plane.ts');
  const plane = await startControlPlane({ program, dir: join(dir, 'kubernetes') });
  stops.push(() => plane.stop());
  return { url: plane.url, kubeconfig: plane.kubeconfig(), caFile: plane.caFile, auditLog: plane.auditLog };
}

/** Answers `GET /<secret>/<name>` with the offer of that name. The test processes are forks, so they ask over a socket. */
async function openDesk(offers: Readonly<Record<string, Offer>>): Promise<{ url: string; close: () => Promise<void> }> {
  const secret = randomUUID();
  const server: Server = createServer((request, response) => {
    const offer = offers[request.url?.replace(`/${secret}/`, '') ?? ''];
    if (!offer) return void response.writeHead(404).end();
    offer().then(
      (answer) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer)),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1' }, resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}/${secret}`, close };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
