import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Trace } from './trace.ts';

/** Sites on which an app has a pod that is ready and not ending, as the cluster says. */
export type Whereabouts = () => Promise<ReadonlyMap<string, readonly string[]>>;

export interface Exporter {
  /** host:port */
  readonly address: string;
  close(): Promise<void>;
}

const PREFIX = 'berth_demo_';
/** Series of the recording that an app feels; the others are of its site. */
const ofApp = (name: string) => name === 'load' || name.startsWith('kpi_') || name.startsWith('app_');

/**
 * Pods of a played cluster serve nothing, so this says what their users would see: what was recorded for the site that each pod is observed on. It
 * says nothing of an app while nobody can tell where it is.
 */
export async function startExporter(trace: Trace, whereabouts: Whereabouts): Promise<Exporter> {
  const beganMs = Date.now();
  const server = createServer((_, response) => {
    whereabouts().then(
      (apps) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(textOf(trace.at(Date.now() - beganMs), apps)),
      (error: unknown) => response.writeHead(503).end(error instanceof Error ? error.message : 'the cluster does not answer'),
    );
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function textOf(tick: ReturnType<Trace['at']>, apps: ReadonlyMap<string, readonly string[]>): string {
  const lines: string[] = [];
  for (const [site, values] of tick)
    for (const [name, value] of Object.entries(values)) if (!ofApp(name)) lines.push(`${PREFIX}${name}{site="${site}"} ${value}`);
  for (const [app, sites] of apps) {
    for (const site of sites) {
      lines.push(`${PREFIX}placed{app="${app}",site="${site}"} 1`);
      for (const [name, value] of Object.entries(tick.get(site) ?? {}))
        if (ofApp(name)) lines.push(`${PREFIX}${name}{app="${app}",site="${site}"} ${value}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
