import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { z } from 'zod';
import { createDatabase, dropDatabase } from '../../scripts/platform/postgres-database.ts';
import { builtControlPlane } from '../../scripts/run/control-plane.mjs';
import { NAMESPACE } from '../../scripts/platform/temporal-names.ts';

/** The run's Temporal server, as `host:port`, started if nobody has asked before. Namespace `berth`, the search attributes registered. */
export async function temporalAddress(): Promise<string> {
  return (await ask('temporal', z.object({ address: z.string() }))).address;
}

export const TEST_NAMESPACE = NAMESPACE;

/** A fresh database of its own on the run's Postgres. Drop it in afterAll. */
export async function testDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const { url } = await ask('postgres', z.object({ url: z.string() }));
  const name = `test_${process.pid}_${randomUUID().slice(0, 8)}`;
  return { url: await createDatabase(url, name), drop: () => dropDatabase(url, name) };
}

/** File with the bundle of workflows/index.ts as it is now, made once for the run. For `Worker.create({ workflowBundle: { codePath } })`. */
export async function workflowBundlePath(): Promise<string> {
  return (await ask('bundle', z.object({ path: z.string() }))).path;
}

/** Whether there is a Kubernetes control plane to test against; the run says how to get one. */
export const hasControlPlane = async (): Promise<boolean> => (await builtControlPlane(process.env)) !== undefined;

/** The run's Kubernetes control plane. Take a namespace and nodes of your own. */
export function controlPlane(): Promise<{ url: string; kubeconfig: string; caFile: string; auditLog: string }> {
  return ask('kubernetes', z.object({ url: z.string(), kubeconfig: z.string(), caFile: z.string(), auditLog: z.string() }));
}

/** Names of task queues that nobody else polls. */
export function freshTaskQueues(): { control: string; compute: string; actuate: string } {
  const own = `${process.pid}-${randomUUID().slice(0, 8)}`;
  return { control: `control-${own}`, compute: `compute-${own}`, actuate: `actuate-${own}` };
}

async function ask<T>(name: string, schema: z.ZodType<T>): Promise<T> {
  const response = await fetch(`${inject('berthDesk')}/${name}`);
  if (!response.ok) throw new Error(`the test run has no ${name}: ${await response.text()}`);
  return schema.parse(await response.json());
}
