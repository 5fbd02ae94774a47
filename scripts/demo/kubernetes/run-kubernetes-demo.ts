import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Config } from '../../../domain/config.ts';
import { connectedPlatform } from '../../../workers/parts/connected-platform.ts';
import { Stops } from '../../../workers/parts/stops.ts';
import { applyConfig } from '../../commands/apply.ts';
import { bringUp, type Up } from '../../up/bring-up.ts';
import { replayAll } from '../replay.ts';
import { APP, follow, interruption, settle, startTraining, uiOf, watch } from '../steps.ts';
import { commit, machine, modelFigures, movesOf, workflowCounts } from '../summary.ts';
import { ownKubernetes, theirKubernetes, type DemoCluster } from './demo-cluster.ts';
import { startExporter } from './exporter.ts';
import { latencyLines, latencyOf, type KubernetesDemoResult } from './result.ts';
import { startPrometheus } from './start-prometheus.ts';
import { readTrace, type Trace } from './trace.ts';
import { observedPods } from './whereabouts.ts';

export interface KubernetesDemoOptions {
  readonly dir: string;
  /** Of examples/kubernetes/demo.berth.yaml; its addresses are filled in here. */
  readonly config: Config;
  /** Recording that the exporter plays. */
  readonly trace: string;
  /** Cluster of this context of the user's kubeconfig; undefined: a control plane of our own. */
  readonly context?: string;
  readonly say: (line: string) => void;
  readonly keep: boolean;
  readonly comparedS: number;
  readonly terminal: boolean;
  readonly temporal?: { readonly address: string; readonly namespace: string };
  readonly database?: string;
}

/** Where each app begins, on a cluster of our own. */
const STARTS = { held: 'site-0', reactive: 'site-1', berth: 'site-0' };

/** The main job on Kubernetes: Deployments on two nodes, telemetry by a real Prometheus, moves by server-side apply. Cleans up after itself. */
export async function runKubernetesDemo(options: KubernetesDemoOptions): Promise<KubernetesDemoResult> {
  const { say } = options;
  const beganMs = Date.now();
  const interrupted = interruption();
  const stops = new Stops();
  say('berth demo on Kubernetes. It uses servers of its own, whatever your shell points at, and stops them at the end.');
  try {
    const result = await Promise.race([prepared(options, stops).then((scene) => story(options, scene, beganMs)), interrupted.promise]);
    if (options.keep) {
      say('\nThe platform stays up. Ctrl-C stops it.');
      await interrupted.promise.catch(() => undefined);
    }
    return result;
  } finally {
    interrupted.forget();
    say('stopping ...');
    await stops.run();
  }
}

interface Scene {
  readonly up: Up;
  readonly cluster: DemoCluster;
  readonly trace: Trace;
  readonly config: Config;
  readonly whereabouts: ReturnType<typeof observedPods>;
}

async function prepared(options: KubernetesDemoOptions, stops: Stops): Promise<Scene> {
  const { dir, say, context, config } = options;
  const wanted = { dir, sites: Object.keys(config.sites), starts: STARTS };
  const cluster = await (context === undefined ? ownKubernetes(wanted, stops) : theirKubernetes(wanted, context, stops));
  const trace = await readTrace(options.trace);
  const whereabouts = observedPods(cluster, Object.keys(config.apps));
  const exporter = await startExporter(trace, whereabouts);
  stops.add('exporter', () => exporter.close());
  const prometheus = await startPrometheus({ dir: join(dir, 'prometheus'), scrapes: exporter.address });
  stops.add('Prometheus', () => prometheus.stop());
  say(`Prometheus: ${prometheus.url} (our own), scraping the exporter of the demo`);
  const up = await bringUp({ ...options, dieWithParent: true, localCluster: false });
  stops.add('berth', () => up.stop());
  return { up, cluster, trace, whereabouts, config: filledIn(config, cluster, prometheus.url) };
}

/** The configuration with the addresses of this run. */
function filledIn(config: Config, { kubeconfig, context, namespace, nodes }: DemoCluster, url: string): Config {
  const { kubernetes, prometheus } = config.connectors;
  if (!kubernetes || !prometheus) throw new Error('the configuration of the demo has no connectors.kubernetes or no connectors.prometheus');
  return {
    ...config,
    connectors: { kubernetes: { ...kubernetes, kubeconfig, context }, prometheus: { ...prometheus, url } },
    sites: Object.fromEntries(Object.entries(config.sites).map(([name, site]) => [name, { ...site, kubernetes: { node: nodes[name] } }])),
    apps: Object.fromEntries(
      Object.entries(config.apps).map(([name, app]) => [
        name,
        { ...app, ...(app.kubernetes && { kubernetes: { ...app.kubernetes, namespace } }) },
      ]),
    ),
  };
}

async function story(options: KubernetesDemoOptions, scene: Scene, beganMs: number): Promise<KubernetesDemoResult> {
  const { say } = options;
  const { up, cluster, trace, config, whereabouts } = scene;
  const platform = connectedPlatform({ store: up.store });
  try {
    for (const line of await applyConfig(config, { store: up.store, client: up.client, platform, by: 'demo' })) say(line);
  } finally {
    platform.close();
  }
  for (const line of wordsOn(cluster, trace)) say(line);
  say(`Watch it in the web UI: ${uiOf(up)}\n`);

  say(`1. Profile and learn: ${APP} visits every site in turn, then a model is trained on what was seen.`);
  const siteOf = async () => (await whereabouts()).get(APP)?.join(' and ');
  const trained = await follow(await startTraining(up), siteOf, say);
  say(`   ${trained.said}`);
  say(`   served by the ${trained.servedBy}; ${trained.promoted ? 'champion' : 'kept as challenger'}: ${trained.verdict}\n`);

  say(`2. Compare for ${options.comparedS} s: one app held, one reacting, one berth's.`);
  const fromMs = Date.now();
  await watch(up, { ...options, config }, fromMs + options.comparedS * 1000);
  const toMs = Date.now();
  await settle(up);

  say('\n3. Replay every history of this run through the present workflow code.');
  const replay = await replayAll(up.client, fileURLToPath(new URL('../../../workflow-bundle.js', import.meta.url)), () => undefined);
  say(`   ${replay.replayed} histories replayed, ${replay.failed.length} failed`);
  if (replay.failed.length > 0)
    throw new Error(`histories could not be replayed: ${replay.failed.map((f) => `${f.workflowId}: ${f.why}`).join('; ')}`);
  const result = await summarise(scene, { beganMs, fromMs, toMs, replayed: replay.replayed });
  for (const line of latencyLines(result)) say(line);
  return result;
}

/** What of this run is real and what is not. */
function wordsOn({ kind, context, nodes }: DemoCluster, { seconds }: Trace): string[] {
  const played = `their QoS is not: an exporter that says so plays ${seconds} recorded seconds of the site on which each pod is observed`;
  return kind === 'kwok'
    ? [
        "sites: 'kwok' (a real API server, scheduler and controllers; KWOK plays the nodes and pods, which serve nothing)",
        `   placement, rollout, rights and the way of the telemetry are real; ${played}`,
      ]
    : [`sites: nodes ${Object.values(nodes).join(' and ')} of ${context}`, `   the pods are real, but they serve nothing; ${played}`];
}

async function summarise(
  { up, cluster, config }: Scene,
  t: { beganMs: number; fromMs: number; toMs: number; replayed: number },
): Promise<KubernetesDemoResult> {
  const { store, client } = up;
  const [moves, champion, looks, workflows, latency] = await Promise.all([
    movesOf(store),
    store.alias(APP, 'champion'),
    store.looks(0, Date.now()),
    workflowCounts(client),
    latencyOf(store, config, t),
  ]);
  if (!champion) throw new Error('there is no champion after training');
  return {
    sites: cluster.kind,
    qos: 'played from a recording',
    seconds: (Date.now() - t.beganMs) / 1000,
    comparedFrom: new Date(t.fromMs).toISOString(),
    policies: latency,
    moves,
    looks: looks.length,
    decisions: (await store.decisions({ limit: 1_000_000 })).length,
    model: modelFigures(champion),
    workflows,
    replayed: t.replayed,
    machine: machine(),
    commit: commit(),
  };
}
