import { type Forecasts, forecastsByWindow, type ForecastRow } from '../../domain/replay/forecasts.ts';
import type { Trace } from '../../domain/replay/trace.ts';
import { BadInput } from '../../learning/tasks/table.ts';
import type { PredictedRows } from '../learn/predict.ts';
import { Told } from './told.ts';

interface ModelOptions {
  readonly model?: string;
  readonly time: string;
  readonly site: string;
  readonly qos: string;
  readonly app?: string;
}

/** What keeps the model of a folder from predicting the scores of a trace: it must forecast the column of the scores, for every site by itself. */
export async function modelProblems({ model, time, site, qos, app }: ModelOptions): Promise<readonly string[]> {
  if (model === undefined) return [];
  const { readContract } = await import('../learn/predict.ts');
  try {
    const contract = await readContract(model);
    if (contract.kind !== 'forecast') return [`--model ${model}: it is a ${contract.kind}; a forecast is needed`];
    const differs = (what: string, has: string | undefined, wants: string) =>
      has === wants ? [] : [`--model ${model}: its ${what} is ${has ?? 'none'}, that of the trace ${wants}`];
    return [
      ...differs('target', contract.target, qos),
      ...differs('time column', contract.time, time),
      ...differs('group column', contract.group, site),
      ...(contract.better === 'higher' ? [] : [`--model ${model}: of its target lower is better, of a score higher`]),
      ...(app === undefined ? [] : ['--model and --app: a forecast knows the sites of one app']),
    ];
  } catch (error) {
    if (error instanceof Told) return error.message.split('\n').map((line) => `--model ${model}: ${line}`);
    throw error;
  }
}

/** What the model foresaw in every window of a trace, from samples up to the end of that window. */
export async function foreseen(model: string, files: readonly string[], traces: readonly Trace[]): Promise<readonly Forecasts[]> {
  const { predictRows, readContract } = await import('../learn/predict.ts');
  const contract = await readContract(model);
  if (contract.kind !== 'forecast') throw new Told(`--model ${model}: it is no forecast`, 2);
  try {
    const predicted = await predictRows(contract, { model, data: files });
    return traces.map((trace) => forecastsByWindow(rowsOf(predicted), trace, contract.horizonS));
  } catch (error) {
    if (error instanceof BadInput) throw new Told(error.message, 2);
    throw error;
  }
}

function* rowsOf({ table, quantiles }: PredictedRows): Generator<ForecastRow> {
  for (let row = 0; row < table.n; row++)
    yield {
      atMs: table.timeMs?.[row] ?? NaN,
      site: table.groups[table.group[row] ?? -1] ?? '',
      quantiles: quantiles.subarray(row * 3, row * 3 + 3),
    };
}
