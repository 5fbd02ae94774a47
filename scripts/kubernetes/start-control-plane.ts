import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { checkoutFolder } from '../platform/checkout.ts';
import { freePort } from '../../connectors/http/free-port.ts';

/** The controllers that Deployments, StatefulSets, budgets and nodes need, out of some fifty. */
const CONTROLLERS = [
  'deployment',
  'replicaset',
  'statefulset',
  'disruption',
  'namespace',
  'garbage-collector',
  'serviceaccount',
  'serviceaccount-token',
  'node-lifecycle',
  'taint-eviction',
  'pod-garbage-collector',
  'endpointslice',
  'job',
  'persistentvolume-binder',
].map((name) => `${name}-controller`);

const READY_MS = 180_000;
/** A node whose lease is older counts as lost. */
const NODE_GRACE_S = 8;

export interface ControlPlane {
  readonly url: string;
  readonly caFile: string;
  readonly auditLog: string;
  /** A kubeconfig of the administrator, as text. */
  kubeconfig(): string;
  /** A kubeconfig for a token that the API server knows, e.g. of a service account. */
  kubeconfigFor(token: string): string;
  /** Ends one of the five at once and starts it again. */
  restart(program: Program): Promise<void>;
  stop(): Promise<void>;
}

export type Program = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kwok';

export interface StartOptions {
  /** The program of scripts/run/control-plane.mjs. */
  readonly program: string;
  /** A folder of its own; removed by `stop`. */
  readonly dir: string;
}

/**
 * Starts etcd, kube-apiserver, controller manager, scheduler and KWOK on free ports of 127.0.0.1. Each holds a pipe from this process as
 * its standard input and ends with it. Throws with the log of the part that does not come up.
 */
export async function startControlPlane({ program, dir }: StartOptions): Promise<ControlPlane> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const parts = new Parts(program, dir);
  try {
    return await bringUp(parts, dir);
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

async function bringUp(parts: Parts, dir: string): Promise<ControlPlane> {
  const place = await placeOf(dir);
  const args = argumentsOf(place);
  const deadline = Date.now() + READY_MS;
  parts.start('etcd', args.etcd);
  parts.start('kube-apiserver', args['kube-apiserver']);
  await parts.until(deadline, 'the API server', () => answers(place, '/readyz'));
  for (const name of ['kube-controller-manager', 'kube-scheduler', 'kwok'] as const) parts.start(name, args[name]);
  // Made by the controller manager; before that no pod can be created.
  await parts.until(deadline, 'the default service account', () => answers(place, '/api/v1/namespaces/default/serviceaccounts/default'));
  return {
    url: place.url,
    caFile: place.caFile,
    auditLog: place.auditLog,
    kubeconfig: () => kubeconfigText(place, place.tokens.admin),
    kubeconfigFor: (token) => kubeconfigText(place, token),
    async restart(name) {
      await parts.end(name);
      parts.start(name, args[name]);
      await parts.until(Date.now() + READY_MS, name, () => answers(place, '/readyz'));
    },
    async stop() {
      await parts.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

class Parts {
  readonly #program: string;
  readonly #dir: string;
  readonly #running = new Map<Program, ChildProcess>();

  constructor(program: string, dir: string) {
    this.#program = program;
    this.#dir = dir;
  }

  start(name: Program, args: readonly string[]): void {
    const log = openSync(join(this.#dir, `${name}.log`), 'a', 0o600);
    const env = { PATH: process.env['PATH'], HOME: this.#dir, TMPDIR: this.#dir, BERTH_DIE_WITH_STDIN: '1' };
    const child = spawn(this.#program, [name, ...args], { stdio: ['pipe', log, log], env, cwd: this.#dir });
    child.on('error', () => undefined);
    closeSync(log);
    this.#running.set(name, child);
  }

  async end(name: Program): Promise<void> {
    const child = this.#running.get(name);
    if (!child || hasEnded(child)) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** The state is thrown away, so nothing is flushed. */
  async stop(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.end(name)));
  }

  async until(deadlineMs: number, what: string, holds: () => Promise<boolean>): Promise<void> {
    for (;;) {
      if (await holds()) return;
      for (const [name, child] of this.#running) if (hasEnded(child)) throw new Error(`${name} ended:\n${this.#tail(name)}`);
      if (Date.now() > deadlineMs) throw new Error(`${what} is not ready after ${READY_MS / 1000} s:\n${this.#tail('kube-apiserver')}`);
      await sleep(100);
    }
  }

  #tail(name: Program): string {
    return readFileSync(join(this.#dir, `${name}.log`), 'utf8')
      .split('\n')
      .slice(-15)
      .join('\n');
  }
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;

type Place = Awaited<ReturnType<typeof placeOf>>;

async function placeOf(dir: string) {
  const [etcd, peer, api] = [await freePort(), await freePort(), await freePort()];
  const file = (name: string, text: string) => {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const token = () => randomBytes(24).toString('hex');
  const tokens = { admin: token(), controllers: token(), scheduler: token(), kwok: token() };
  return {
    dir,
    file,
    tokens,
    etcd: `http://127.0.0.1:${etcd}`,
    peer: `http://127.0.0.1:${peer}`,
    port: api,
    url: `https://127.0.0.1:${api}`,
    // The API server signs its own certificate, which so is its own authority.
    caFile: join(dir, 'pki', 'apiserver.crt'),
    auditLog: join(dir, 'audit.log'),
    privateKey: file('accounts.key', privateKey.export({ type: 'pkcs1', format: 'pem' }) as string),
    publicKey: file('accounts.pub', publicKey.export({ type: 'spki', format: 'pem' }) as string),
    tokenFile: file('tokens.csv', usersOf(tokens)),
    auditPolicy: file('audit-policy.yaml', AUDIT_POLICY),
  };
}

/** The parts have the names that the API server's own roles are bound to; the rights of all are those of the administrator. */
const usersOf = (tokens: { admin: string; controllers: string; scheduler: string; kwok: string }) =>
  [
    [tokens.admin, 'admin'],
    [tokens.controllers, 'system:kube-controller-manager'],
    [tokens.scheduler, 'system:kube-scheduler'],
    [tokens.kwok, 'kwok'],
  ]
    .map(([token, user]) => `${token},${user},${user},"system:masters"\n`)
    .join('');

/** Who did what, without the parts' own chatter: the witness of the tests. */
const AUDIT_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
  - level: None
    users: [system:kube-controller-manager, system:kube-scheduler, kwok, system:apiserver]
  - level: Request
    verbs: [create, update, patch, delete, deletecollection]
  - level: Metadata
`;

function argumentsOf(place: Place): Record<Program, readonly string[]> {
  const own = (name: string, token: string) => `--kubeconfig=${place.file(name, kubeconfigText(place, token))}`;
  return {
    etcd: ['--data-dir', join(place.dir, 'etcd'), '--listen', place.etcd, '--peer', place.peer],
    'kube-apiserver': apiServerArguments(place),
    'kube-controller-manager': [
      own('controllers.kubeconfig', place.tokens.controllers),
      '--leader-elect=false',
      '--secure-port=0',
      '--use-service-account-credentials=false',
      `--service-account-private-key-file=${place.privateKey}`,
      `--root-ca-file=${place.caFile}`,
      `--controllers=${CONTROLLERS.join(',')}`,
      `--node-monitor-grace-period=${NODE_GRACE_S}s`,
      '--node-monitor-period=1s',
    ],
    'kube-scheduler': [own('scheduler.kubeconfig', place.tokens.scheduler), '--leader-elect=false', '--secure-port=0'],
    kwok: [
      own('kwok.kubeconfig', place.tokens.kwok),
      '--manage-nodes-with-label-selector=test.berth/lost!=yes',
      `--node-lease-duration-seconds=${NODE_GRACE_S}`,
      '--config',
      join(checkoutFolder(), 'scripts', 'kubernetes', 'stages.yaml'),
    ],
  };
}

const apiServerArguments = (place: Place) => [
  `--etcd-servers=${place.etcd}`,
  '--bind-address=127.0.0.1',
  '--advertise-address=127.0.0.1',
  `--secure-port=${place.port}`,
  `--cert-dir=${join(place.dir, 'pki')}`,
  '--service-cluster-ip-range=10.0.0.0/16',
  '--service-account-issuer=https://kubernetes.default.svc',
  `--service-account-key-file=${place.publicKey}`,
  `--service-account-signing-key-file=${place.privateKey}`,
  `--token-auth-file=${place.tokenFile}`,
  '--authorization-mode=RBAC',
  // A loopback address may not be an endpoint, and the default says so in the log for ever.
  '--endpoint-reconciler-type=none',
  '--enable-priority-and-fairness=false',
  '--profiling=false',
  '--etcd-compaction-interval=10s',
  `--audit-policy-file=${place.auditPolicy}`,
  `--audit-log-path=${place.auditLog}`,
  '--audit-log-mode=blocking',
];

function kubeconfigText({ url, caFile }: { url: string; caFile: string }, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'berth',
    clusters: [{ name: 'berth', cluster: { server: url, 'certificate-authority': caFile } }],
    users: [{ name: 'berth', user: { token } }],
    contexts: [{ name: 'berth', context: { cluster: 'berth', user: 'berth' } }],
  });
}

function answers({ port, caFile, tokens }: Place, path: string): Promise<boolean> {
  let ca: Buffer;
  try {
    ca = readFileSync(caFile);
  } catch {
    // Not written yet.
    return Promise.resolve(false);
  }
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${tokens.admin}` };
    const asked = request({ host: '127.0.0.1', port, path, ca, headers, timeout: 2000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.once('error', () => resolve(false));
    asked.once('timeout', () => asked.destroy(new Error('silent')));
    asked.end();
  });
}
