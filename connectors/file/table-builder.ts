import { matchColumns } from '../../learning/tasks/match-columns.ts';
import { BadInput } from '../../learning/tasks/table.ts';
import type { Table, Want } from '../../learning/tasks/table.ts';

import type { ParsedTime, TimeFormat } from '../../learning/tasks/time-format.ts';
import { growing } from './growing.ts';
import type { Growing } from './growing.ts';

/** One cell of a file, whatever the file's format. */
export interface Cell {
  /** NaN = missing, undefined = not a number. */
  number(): number | undefined;
  text(): string;
  time(): ParsedTime | undefined;
}

export interface RowTaker {
  /** Cells by their place in the header; only these are ever asked for. */
  readonly wanted: readonly number[];
  take(cells: (column: number) => Cell, place: () => string): void;
}

export interface TableBuilder {
  /** Starts a file. Undefined = its header lacks something; that is noted and the file is skipped. */
  file(name: string, header: readonly string[]): RowTaker | undefined;
  problem(text: string): void;
  /** Throws BadInput with every problem. */
  table(): Table;
}

interface Column {
  readonly values: Growing<Float32Array>;
  /** A number has been seen; until then a column of `all` may turn out to be text. */
  isNumeric: boolean;
}

const MOST_PROBLEMS = 100;

/** Puts files together into one table. A group without a column is the file it is in. */
export function tableBuilder(want: Want): TableBuilder {
  const problems: string[] = [];
  let more = 0;
  const note = (text: string): void => void (problems.length < MOST_PROBLEMS ? problems.push(text) : more++);
  const state = newState();

  return {
    problem: note,
    file(name, header) {
      const matched = matchColumns(header, want);
      const doubled = header.filter((column, i) => header.indexOf(column) !== i);
      for (const column of new Set(doubled)) note(`${name}: the column ${JSON.stringify(column)} is there twice`);
      for (const text of matched.problems) note(`${name}: ${text}`);
      if (matched.problems.length > 0 || doubled.length > 0) return undefined;
      return rowTaker({ state, want, note, name, header, features: matched.features });
    },
    table() {
      if (more > 0) problems.push(`and ${more} more`);
      if (problems.length > 0) throw new BadInput(problems);
      return finish(state, want);
    },
  };
}

interface State {
  readonly group: Growing<Int32Array>;
  readonly groupIndex: Map<string, number>;
  readonly time: Growing<Float64Array>;
  readonly target: Growing<Float64Array>;
  readonly split: Growing<Int32Array>;
  readonly splitIndex: Map<string, number>;
  readonly columns: Map<string, Column>;
  /** Columns of `all` that held text. */
  readonly text: Set<string>;
  format: TimeFormat | undefined;
  files: number;
}

function newState(): State {
  return {
    group: growing((n) => new Int32Array(n)),
    groupIndex: new Map(),
    time: growing((n) => new Float64Array(n)),
    target: growing((n) => new Float64Array(n)),
    split: growing((n) => new Int32Array(n)),
    splitIndex: new Map(),
    columns: new Map(),
    text: new Set(),
    format: undefined,
    files: 0,
  };
}

interface FileWork {
  readonly state: State;
  readonly want: Want;
  readonly note: (text: string) => void;
  readonly name: string;
  readonly header: readonly string[];
  readonly features: readonly string[];
}

function rowTaker(work: FileWork): RowTaker {
  const { state, want, name, header } = work;
  const at = (column: string | undefined): number => (column === undefined ? -1 : header.indexOf(column));
  const places = { time: at(want.time), group: at(want.group), target: at(want.target), split: (want.splitBy ?? []).map(at) };
  const features = featuresOf(work);
  const fileGroup = want.group === undefined ? indexOf(state.groupIndex, groupOfFile(name, state.groupIndex)) : 0;
  state.files++;
  const wanted = [places.time, places.group, places.target, ...places.split, ...features.map((f) => f.at)].filter((i) => i >= 0);
  return {
    wanted: [...new Set(wanted)],
    take(cells, place) {
      if (places.time >= 0) takeTime(work, cells(places.time), place);
      state.group.push(places.group >= 0 ? indexOf(state.groupIndex, cells(places.group).text()) : fileGroup);
      if (places.target >= 0) state.target.push(takeNumber(work, cells(places.target), { place, column: want.target! }) ?? NaN);
      for (const feature of features) {
        if (feature.isText) continue;
        const { column } = feature;
        const value = cells(feature.at).number();
        if (value === undefined && !column.isNumeric && want.features.columns === 'all') {
          feature.isText = true;
          state.text.add(feature.name);
          continue;
        }
        if (value === undefined) takeNumber(work, cells(feature.at), { place, column: feature.name });
        else if (!Number.isNaN(value)) column.isNumeric = true;
        column.values.push(value ?? NaN);
      }
      if (places.split.length > 0) state.split.push(indexOf(state.splitIndex, JSON.stringify(places.split.map((i) => keyOf(cells(i))))));
    },
  };
}

/** The columns of this file that become columns of the table. Those an earlier file did not have, or only this one lacks, are left out. */
function featuresOf({ state, header, features }: FileWork): { name: string; at: number; column: Column; isText: boolean }[] {
  if (state.files > 0) {
    for (const name of state.columns.keys()) if (!features.includes(name)) state.text.add(name);
  } else {
    for (const name of features) state.columns.set(name, { values: growing((n) => new Float32Array(n)), isNumeric: false });
  }
  return features.flatMap((name) => {
    const column = state.columns.get(name);
    return column && !state.text.has(name) ? [{ name, at: header.indexOf(name), column, isText: false }] : [];
  });
}

function takeTime({ state, note }: FileWork, cell: Cell, place: () => string): void {
  const parsed = cell.time();
  if (!parsed) note(`${place()}: ${JSON.stringify(cell.text().slice(0, 40))} is no time (epoch seconds, epoch milliseconds or ISO 8601)`);
  else {
    state.format ??= parsed.format;
    if (parsed.format.kind !== state.format.kind)
      note(`${place()}: the time ${JSON.stringify(cell.text())} is in ${parsed.format.kind}, the rows before are in ${state.format.kind}`);
  }
  state.time.push(parsed?.ms ?? NaN);
}

function takeNumber({ note }: FileWork, cell: Cell, { place, column }: { place: () => string; column: string }): number | undefined {
  const value = cell.number();
  if (value === undefined) note(`${place()}: column ${column}: ${JSON.stringify(cell.text().slice(0, 40))} is not a number`);
  return value;
}

/** 0.20 and 0.2 are one setting. */
function keyOf(cell: Cell): number | string {
  const value = cell.number();
  return value === undefined || Number.isNaN(value) ? cell.text().trim() : value;
}

function indexOf(index: Map<string, number>, key: string): number {
  const known = index.get(key);
  if (known !== undefined) return known;
  index.set(key, index.size);
  return index.size - 1;
}

/** The file's name without its folder and endings, or all of it where that is taken. */
function groupOfFile(file: string, taken: Map<string, number>): string {
  const stem = (file.split('/').at(-1) ?? file).replace(/(\.csv|\.tsv|\.txt)?(\.gz)?$/i, '').replace(/\.parquet$/i, '');
  return taken.has(stem) ? file : stem;
}

function finish(state: State, want: Want): Table {
  const columns = [...state.columns].filter(
    ([name, column]) => !state.text.has(name) && (column.isNumeric || want.features.columns !== 'all'),
  );
  return {
    n: state.group.size(),
    group: state.group.done(),
    groups: [...state.groupIndex.keys()],
    columns: new Map(columns.map(([name, { values }]) => [name, values.done()])),
    ...(want.time === undefined ? {} : { timeMs: state.time.done() }),
    ...(state.format === undefined ? {} : { timeFormat: state.format }),
    ...(want.target === undefined ? {} : { target: state.target.done() }),
    ...(want.splitBy === undefined ? {} : { splitBy: state.split.done() }),
  };
}
