import { table as markdownTable } from '../render.ts';
import type { Circumstances } from '../results.ts';
import type { BoostingFigures, BoostingRow } from './boosting.ts';
import type { ParityFigures } from './parity.ts';
import type { RowsFigures } from './rows.ts';
import type { ServingFigures } from './serving.ts';
import type { BenchLoss } from './trial.ts';

export type LearningFigures =
  | { readonly kind: 'boosting'; readonly figures: BoostingFigures }
  | { readonly kind: 'parity'; readonly figures: ParityFigures }
  | { readonly kind: 'serving'; readonly figures: ServingFigures }
  | { readonly kind: 'rows'; readonly figures: RowsFigures };
export type LearningResult = Circumstances & LearningFigures;

const WITHIN = 1.01;
const CPU_GOALS: Readonly<Record<BenchLoss, number>> = { squared: 0.6, pinball: 0.8, absolute: 0.8 };
const PARITY_GOAL = 1e-4;
const SERVING_GOAL = 1.1;
const ONE_ROW_GOAL_MS = 0.1;

/** Markdown of what was measured, each part with its circumstances. */
export function renderLearning(results: readonly LearningResult[]): string {
  if (results.length === 0) return 'Nothing was measured.';
  return results.map((result) => [`### ${TITLES[result.kind]}`, circumstances(result), ...render(result)].join('\n\n')).join('\n\n');
}

const TITLES: Readonly<Record<LearningFigures['kind'], string>> = {
  boosting: 'Boosting against its peers',
  parity: 'ONNX against the trainer',
  serving: 'Serving',
  rows: 'What fit chooses on public data',
};

function circumstances({ at, commit, machine, loadBefore }: Circumstances): string {
  return `${machine}; ${at.slice(0, 16).replace('T', ' ')} UTC, commit ${commit}, load ${loadBefore.toFixed(1)} before.`;
}

function render(result: LearningResult): string[] {
  switch (result.kind) {
    case 'boosting':
      return renderBoosting(result.figures);
    case 'parity':
      return renderParity(result.figures);
    case 'serving':
      return renderServing(result.figures);
    case 'rows':
      return renderRows(result.figures);
  }
}

function renderBoosting({ table, skipped }: BoostingFigures): string[] {
  const lines = table.map((row) => [
    row.rows.toLocaleString('en'),
    row.loss,
    row.trainer,
    String(row.seeds),
    row.userS.toFixed(2),
    row.error.toFixed(4),
    row.cpuRatio === undefined ? '' : row.cpuRatio.toFixed(2),
    row.errorRatio ? `${row.errorRatio.mean.toFixed(3)} (${row.errorRatio.least.toFixed(3)} to ${row.errorRatio.greatest.toFixed(3)})` : '',
  ]);
  const head = ['rows', 'loss', 'trainer', 'tables', 'user CPU s', 'error', 'berth / it: CPU', 'berth / it: error'];
  const goals = table.filter((row) => row.trainer.startsWith('LightGBM')).map(goalOf);
  return [
    markdownTable(head, lines),
    ...(goals.length > 0 ? [markdownTable(['goal against LightGBM', 'measured', ''], goals)] : []),
    ...(skipped ? [`Skipped: ${skipped.count} trainings of peers (${skipped.why}).`] : []),
  ];
}

function goalOf({ rows, loss, cpuRatio, errorRatio }: BoostingRow): string[] {
  const isMet = cpuRatio! <= CPU_GOALS[loss] && errorRatio!.mean <= WITHIN;
  const goal = `${rows.toLocaleString('en')} rows, ${loss}: CPU at most ${CPU_GOALS[loss]}, error at most ${WITHIN}`;
  return [goal, `${cpuRatio!.toFixed(2)}, ${errorRatio!.mean.toFixed(3)}`, verdict(isMet)];
}

/** A gap under one point of NMAE is a tie. */
function renderRows({ table, skipped }: RowsFigures): string[] {
  const lines = table.map((row) => [
    `${row.task}${row.group === undefined ? '' : ` ${row.group}`}`,
    `${row.nmae.toFixed(2)}${row.draws > 1 ? ` (mean of ${row.draws})` : ''}`,
    `${row.referenceNmae.toFixed(2)} ${row.reference}`,
    verdict(row.nmae <= row.referenceNmae + 1),
    row.verdict,
    row.served,
    row.coverage.toFixed(1),
    String(row.rows),
    row.fitS.toFixed(0),
  ]);
  const head = ['task', 'NMAE %', 'reference', 'beaten or tied', 'verdict', 'served', 'coverage %', 'rows', 'fit s'];
  return [markdownTable(head, lines), ...(skipped.length > 0 ? [`Skipped, as the data is not there: ${skipped.join(', ')}.`] : [])];
}

function renderParity({ rows, learners }: ParityFigures): string[] {
  const lines = learners.map(({ name, bytes, greatest }) => [name, kb(bytes), greatest.toExponential(1), verdict(greatest <= PARITY_GOAL)]);
  return [markdownTable(['learner', 'model', `greatest relative difference over ${rows.toLocaleString('en')} rows`, 'goal 1e-4'], lines)];
}

function renderServing({ rows, width, trees, bytes, batch, oneRow }: ServingFigures): string[] {
  const ms = (v: number): string => v.toFixed(3);
  return [
    `${rows.toLocaleString('en')} rows of ${width} features through ${trees} trees (${kb(bytes)}), one thread: bare onnxruntime ${batch.bareS.toFixed(2)} s, ` +
      `by way of berth's inference ${batch.oursS.toFixed(2)} s, ${batch.ratio.toFixed(2)} times it (goal ${SERVING_GOAL}: ${verdict(batch.ratio <= SERVING_GOAL)}).`,
    `One row, p50 / p99: bare ${ms(oneRow.bareP50Ms)} / ${ms(oneRow.bareP99Ms)} ms, berth ${ms(oneRow.oursP50Ms)} / ${ms(oneRow.oursP99Ms)} ms ` +
      `(goal p99 ${ONE_ROW_GOAL_MS} ms: ${verdict(oneRow.oursP99Ms <= ONE_ROW_GOAL_MS)}).`,
  ];
}

function verdict(isMet: boolean): string {
  return isMet ? 'met' : '**not met**';
}

function kb(bytes: number): string {
  return `${Math.round(bytes / 1000).toLocaleString('en')} kB`;
}
