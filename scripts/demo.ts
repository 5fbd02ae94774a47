import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { checkoutFolder } from './platform/checkout.ts';
import { Told } from './commands/connect.ts';
import { errorText } from './commands/error-text.ts';
import { readConfig } from './commands/apply.ts';
import { runDemo } from './demo/run-demo.ts';
import { readEndpoints } from './up/endpoints.ts';

const USAGE = `npm run demo -- [options]
  --json FILE          write the result as JSON
  --keep               leave the platform running at the end, until Ctrl-C
  --sites KIND         auto, cores or simulated (default: what examples/demo.berth.yaml says)
  --seconds N          seconds of comparison after training (default 66: three cycles of the neighbours)
  --kubernetes         on Kubernetes: a control plane of our own with played nodes
  --context NAME       ... or the cluster of this context of your kubeconfig, in a namespace that is removed at the end
  --temporal ADDRESS   a Temporal server of yours instead of our own
  --database URL       a Postgres of yours instead of our own`;

const say = (line: string) => void process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  const values = options();
  const root = checkoutFolder();
  const dir = join(root, '.berth', 'demo');
  if (readEndpoints(dir)) throw new Told('a demo is running from this checkout already; stop it first, or use another checkout', 1);
  // A demo begins with nothing, so that nothing it shows comes from an earlier one.
  await removeOld(dir);
  if (values.kubernetes) return await onKubernetes({ dir, root, values });
  const read = await readConfig(join(root, 'examples', 'demo.berth.yaml'));
  const config =
    values.sites === undefined
      ? read
      : { ...read, connectors: { ...read.connectors, local: { ...(read.connectors.local ?? {}), sites: values.sites } } };
  const result = await runDemo({
    dir,
    config,
    say,
    keep: values.keep,
    comparedS: values.seconds,
    terminal: process.stderr.isTTY,
    report: join(root, '.berth', 'demo-report.html'),
    ...(values.temporal !== undefined && { temporal: { address: values.temporal, namespace: 'berth' } }),
    ...(values.database !== undefined && { database: values.database }),
    onResult: async (made) => {
      if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(made, null, 2)}\n`);
    },
  });
  if (result.requests.failed > 0) throw new Told(`${result.requests.failed} requests were lost by a switch`);
}

async function onKubernetes({ dir, root, values }: { dir: string; root: string; values: Options }): Promise<void> {
  const { runKubernetesDemo } = await import('./demo/kubernetes/run-kubernetes-demo.ts');
  const { seconds, context, temporal, database, json, keep } = values;
  const examples = join(root, 'examples', 'kubernetes');
  const result = await runKubernetesDemo({
    dir,
    config: await readConfig(join(examples, 'demo.berth.yaml')),
    trace: join(examples, 'recorded.csv'),
    say,
    keep,
    comparedS: seconds,
    terminal: process.stderr.isTTY,
    ...(context !== undefined && { context }),
    ...(temporal !== undefined && { temporal: { address: temporal, namespace: 'berth' } }),
    ...(database !== undefined && { database }),
  });
  if (json !== undefined) await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
}

interface Options {
  readonly kubernetes: boolean;
  readonly context?: string;
  readonly json?: string;
  readonly keep: boolean;
  readonly sites?: 'auto' | 'cores' | 'simulated';
  readonly seconds: number;
  readonly temporal?: string;
  readonly database?: string;
}

function options(): Options {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: 'string' },
        keep: { type: 'boolean', default: false },
        sites: { type: 'string' },
        kubernetes: { type: 'boolean', default: false },
        context: { type: 'string' },
        seconds: { type: 'string', default: '66' },
        temporal: { type: 'string' },
        database: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(`${USAGE}\n`);
      process.exit(0);
    }
    const { sites, json, temporal, database } = values;
    if (sites !== undefined && sites !== 'auto' && sites !== 'cores' && sites !== 'simulated')
      throw new Error(`--sites is auto, cores or simulated, not ${sites}`);
    if (values.context !== undefined && !values.kubernetes) throw new Error('--context needs --kubernetes');
    if (sites !== undefined && values.kubernetes) throw new Error('--sites is for the demo on this machine, not for --kubernetes');
    const seconds = Number(values.seconds);
    if (!(seconds >= 10 && seconds <= 3600)) throw new Error(`--seconds is a number from 10 to 3600, not ${values.seconds}`);
    return {
      keep: values.keep,
      kubernetes: values.kubernetes,
      seconds,
      ...(values.context !== undefined && { context: values.context }),
      ...(sites && { sites }),
      ...(json !== undefined && { json }),
      ...(temporal !== undefined && { temporal }),
      ...(database !== undefined && { database }),
    };
  } catch (error) {
    throw new Told(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`, 2);
  }
}

async function removeOld(dir: string): Promise<void> {
  const { removePostgres } = await import('./platform/postgres-server.ts');
  await removePostgres(join(dir, 'postgres'));
  await rm(dir, { recursive: true, force: true });
}

try {
  await main();
} catch (error) {
  say(`berth: ${errorText(error)}`);
  process.exitCode = error instanceof Told ? error.code : 1;
}
