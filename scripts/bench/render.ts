import { judgeGoals, ofKind } from './goals.ts';
import type { LookFigures } from './look.ts';
import { WAITS, type MoveFigures } from './move.ts';
import { PARTS } from './options.ts';
import type { Result } from './results.ts';

/** Everything measured, as Markdown that reads in a terminal too. */
export function renderResults(results: readonly Result[]): string {
  const sections = [
    aboutSection(results),
    goalSection(results),
    lookSection(results),
    costSection(results),
    otherSection(results),
    moveSection(results),
    missingSection(results),
  ];
  return sections.filter((s) => s !== '').join('\n\n');
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const width = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, i) => cell.padEnd(width[i] ?? 0)).join(' | ')} |`;
  return [line(head), `| ${width.map((n) => '-'.repeat(n)).join(' | ')} |`, ...rows.map(line)].join('\n');
}

const n = (value: number | undefined, digits = 2): string => (value === undefined || !Number.isFinite(value) ? '?' : value.toFixed(digits));
const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

function aboutSection(results: readonly Result[]): string {
  const machines = [...new Set(results.map((r) => r.machine))];
  const rows = results.map((r) => [r.key.replace(/ +/g, ' '), r.at.slice(0, 16).replace('T', ' '), r.commit, n(r.loadBefore, 1)]);
  return `Machine: ${machines.join('; ')}. The load average was taken just before each measurement: what is above 0 is other work on the same machine.\n\n${table(['measured', 'when (UTC)', 'commit', 'load before'], rows)}`;
}

function goalSection(results: readonly Result[]): string {
  const rows = judgeGoals(results).map(({ goal, measured, met }) => [
    goal,
    measured ?? 'not measured',
    met === undefined ? '' : met ? 'met' : '**not met**',
  ]);
  return `### Goals\n\n${table(['goal', 'measured', ''], rows)}`;
}

const nameOf = ({ shape: { apps, sites, models, everyS } }: LookFigures): string =>
  `${count(apps)} x ${sites}, ${count(models)} model${models === 1 ? '' : 's'}, ${everyS} s`;
const sorted = (results: readonly Result[]): LookFigures[] =>
  ofKind(results, 'look').sort((a, b) => a.shape.apps - b.shape.apps || a.shape.models - b.shape.models || a.shape.everyS - b.shape.everyS);

function lookSection(results: readonly Result[]): string {
  const rows = sorted(results).map((l) => [
    nameOf(l),
    String(l.looks),
    `${n(l.wallS.p50)} / ${n(l.wallS.p95)}`,
    n(l.firstS),
    n(l.startS.p50),
    n(l.predictS.p50),
    n(l.decideS.p50),
    n(l.proposeS.p50),
    String(l.missed),
    n(l.movesPerLook, 1),
  ]);
  if (rows.length === 0) return '';
  const head = [
    'apps x sites, models, every',
    'looks',
    'look p50 / p95 s',
    'first s',
    'start',
    'predict',
    'decide',
    'propose',
    'missed',
    'moves per look',
  ];
  return `### Looks\n\nFrom the scheduled time to the closed look; stages are medians in seconds. The first look has cold caches and p95 of few looks is the slowest.\n\n${table(head, rows)}`;
}

function costSection(results: readonly Result[]): string {
  const rows = sorted(results).map((l) => [
    nameOf(l),
    ['server', 'control', 'compute', 'actuate', 'postgres'].map((part) => n(l.cpuS[part])).join(' / '),
    n(l.cpuS['sum']),
    n(100 * l.share, 0),
    ['server', 'control', 'compute', 'actuate', 'postgres'].map((part) => n(l.memoryMb[part], 0)).join(' / '),
    n(l.memoryMb['sum'], 0),
    `${n(l.growthMb.temporal)} / ${n(l.growthMb.postgres)}`,
    `${n(l.eventsPerLook, 0)} / ${n(l.events?.move, 0)} / ${n(l.events?.controller, 0)}`,
    String(l.controllers),
  ]);
  if (rows.length === 0) return '';
  const head = [
    'apps x sites, models, every',
    'CPU s per look: server / control / compute / actuate / Postgres',
    'sum',
    '% of machine',
    'memory MB, most',
    'sum',
    'growth MB per look: Temporal / Postgres',
    'events: look / move / controller',
    'controllers',
  ];
  const { model } = sorted(results)[0] ?? {};
  const about = model
    ? ` The model is "${model.learner}" (served by the ${model.servedBy}), ${model.features} features, ${(model.onnxBytes / 1000).toFixed(0)} kB.`
    : '';
  return `### Cost\n\nCPU seconds per look hold everything until its moves have ended, and the intake of telemetry by Postgres; "% of machine" is what one look per interval takes of all cores, kept up or not; memory of Postgres is PSS. Growth of Postgres holds the telemetry.${about}\n\n${table(head, rows)}`;
}

function otherSection(results: readonly Result[]): string {
  const lines: string[] = [];
  for (const { shape, kills } of ofKind(results, 'recovery')) {
    for (const k of kills)
      lines.push(
        `- all workers killed at ${count(shape.apps)} apps, ${k.stage}: workers ready after ${n(k.readyS, 1)} s, interrupted look ended after ${n(k.interruptedS, 1)} s, next look after ${n(k.nextS, 1)} s (one every ${shape.everyS} s)`,
      );
  }
  for (const { shape, running, fresh } of ofKind(results, 'pause')) {
    lines.push(
      `- pause while a look at ${count(shape.apps)} apps runs: ${running.n} controllers p50 ${n(1000 * running.p50, 0)} ms, slowest ${n(1000 * running.max, 0)} ms; ${fresh.n} apps that had none p50 ${n(1000 * fresh.p50, 0)} ms, slowest ${n(1000 * fresh.max, 0)} ms`,
    );
  }
  for (const o of ofKind(results, 'onboarding')) {
    lines.push(
      `- ${count(o.shape.apps)} apps taken on: apply ${n(o.applyS, 1)} s, first look ${n(o.firstLookS, 1)} s; controllers after the first look ${o.controllersAfterFirstLook}, after later ones ${o.controllersAfterThirdLook} (${o.proposals} proposals made)`,
    );
  }
  for (const f of ofKind(results, 'first')) {
    lines.push(
      `- \`npm run demo\` on a warm checkout: first decision after ${n(f.firstS, 1)} s, first by what was learned (${f.predictor}) after ${n(f.learnedS, 1)} s`,
    );
  }
  return lines.length === 0 ? '' : `### Recovery, pause, onboarding, first decision\n\n${lines.join('\n')}`;
}

function moveSection(results: readonly Result[]): string {
  const moves = results.flatMap((r) => (r.kind === 'move' ? r.figures : []));
  if (moves.length === 0) return '';
  const phases = [...new Set(moves.flatMap((m) => Object.keys(m.phases)))];
  const rows = moves.map((m) => [
    loadOf(m),
    `${m.done} of ${m.moves}`,
    `${n(m.totalS.p50)} / ${n(m.totalS.max)}`,
    ...phases.map((p) => n(m.phases[p])),
    `${count(m.requests.sent)} / ${m.requests.failed} / ${m.requests.timedOut} / ${m.requests.shed}`,
  ]);
  const [first] = moves;
  return (
    `### Moves\n\nA real service in the local cluster (${first?.sites === 'cores' ? 'CPU cores' : 'simulated sites'}); medians in seconds by phase of the claim. ${WAITS.stableS + WAITS.soakS} s of \`ready\` are waits that the policy asks for: ready for ${WAITS.stableS} s, then watched for ${WAITS.soakS} s.\n\n` +
    table(['load', 'done', 'move p50 / max s', ...phases, 'requests: sent / lost / timed out / shed'], rows)
  );
}

function loadOf({ load, rateFactor }: MoveFigures): string {
  return `${load.ratePerS}/s of ${load.workMs} ms${rateFactor === 1 ? '' : ` (rate x ${rateFactor})`}`;
}

function missingSection(results: readonly Result[]): string {
  const missing = PARTS.filter((part) => !results.some((r) => r.kind === part));
  return missing.length === 0 ? '' : `Not measured: ${missing.join(', ')}.`;
}
