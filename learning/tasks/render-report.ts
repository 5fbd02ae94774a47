import { safeText } from '../../domain/safe-text.ts';
import { percent } from './judge-candidates.ts';
import type { Interval } from './metrics.ts';
import type { TaskReport } from './task-report.ts';

/** The report as a page for a person. */
export function renderReport(report: TaskReport): string {
  const unit = report.unit === '' ? '' : ` (${safeText(report.unit)})`;
  return (
    [
      `# ${safeText(report.task)}: ${report.verdict}`,
      report.why,
      `${report.kind} of \`${report.target}\`${unit}; ${splitText(report)}`,
      table(report),
      featuresText(report),
      ...chosenText(report),
    ].join('\n\n') + '\n'
  );
}

function splitText({ backtest }: TaskReport): string {
  const sizes = backtest.folds.map((f) => `${f.train}/${f.test}`).join(', ');
  const how = backtest.split === 'time' ? `rolling origin with a gap of ${backtest.gapS} s` : 'whole groups held out';
  return `backtest: ${how}, ${backtest.folds.length} folds (rows learned from/judged: ${sizes || 'none'}), compared on ${backtest.comparedRows} rows.`;
}

function table({ candidates }: TaskReport): string {
  const cell = (value: number | null): string => (value === null ? '-' : value.toPrecision(4));
  const share = (value: number | null): string => (value === null ? '-' : `${(100 * value).toFixed(2)}`);
  return [
    '| candidate | MAE | RMSE | NMAE % | median NMAE % | MAPE % | R2 | over | under | SLO precision, recall |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...candidates.map((c) => {
      const slo = c.violations ? `${cell(c.violations.precision)}, ${cell(c.violations.recall)}` : '-';
      const cells = [
        cell(c.mae),
        cell(c.rmse),
        share(c.nmae),
        share(c.nmaeMedian),
        share(c.mape),
        cell(c.r2),
        cell(c.over),
        cell(c.under),
        slo,
      ];
      return `| ${c.name}${c.kind === 'baseline' ? ' (baseline)' : ''} | ${cells.join(' | ')} |`;
    }),
  ].join('\n');
}

function featuresText({ features }: TaskReport): string {
  const about = Object.entries(features.about).map(([key, value]) => `, ${key} ${value}`);
  const names = features.selected.map((name) => `\`${name}\``).join(', ') || 'none but the target itself';
  return `Series selected: ${features.selected.length} of ${features.offered}: ${names}. Stability ${features.stability ?? '-'} on rows drawn again, ${features.stabilityOverFolds ?? '-'} over folds. ${features.inputs} inputs${about.join('')}.`;
}

function chosenText({ chosen }: TaskReport): string[] {
  if (!chosen) return [];
  const { spread } = chosen.band;
  const wide =
    spread.kind === 'constant'
      ? 'the same everywhere'
      : spread.kind === 'point'
        ? 'in proportion to the prediction'
        : `in proportion to \`${spread.input}\``;
  return [
    `Served: **${chosen.name}** (${chosen.servedBy}). The band from p10 to p90 is ${wide}; it held ${intervalText(chosen.coverage)} of the outcomes of later folds (nominal 80 %).`,
    '![forecast against actual](forecast.svg)\n\n![calibration](calibration.svg)\n\n![importances](importances.svg)',
  ];
}

function intervalText(interval: Interval | null): string {
  if (!interval || interval.value === null) return 'an unknown share';
  if (interval.low === null || interval.high === null) return percent(interval.value);
  return `${percent(interval.value)} (90 % interval ${percent(interval.low)} to ${percent(interval.high)})`;
}
