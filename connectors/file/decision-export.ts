import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { ParquetWriter, fileWriter, schemaFromColumnData, type ColumnSource } from 'hyparquet-writer';
import type { Decision } from '../../domain/decision.ts';

type Pages = AsyncIterable<readonly Decision[]>;

/** One decision per line, whole; returns how many. `-` is the standard output. */
export async function exportNdjson(pages: Pages, file: string): Promise<number> {
  const out = file === '-' ? process.stdout : createWriteStream(file, { flags: 'wx' });
  if (file !== '-') await once(out, 'open');
  let count = 0;
  for await (const page of pages) {
    count += page.length;
    for (const decision of page) if (!out.write(`${JSON.stringify(decision)}\n`)) await once(out, 'drain');
  }
  if (file !== '-') {
    out.end();
    await once(out, 'finish');
  }
  return count;
}

/**
 * One row per decision: its columns as they are, candidates and gates as JSON, because their number varies. A row group per page, so that memory
 * stays with one page.
 */
export async function exportParquet(pages: Pages, file: string): Promise<number> {
  const schema = schemaFromColumnData({ columnData: columnsOf([]) });
  const writer = new ParquetWriter({ writer: fileWriter(file), schema });
  let count = 0;
  for await (const page of pages) {
    if (page.length === 0) continue;
    count += page.length;
    await writer.write({ columnData: columnsOf(page) });
  }
  await writer.finish();
  return count;
}

function columnsOf(page: readonly Decision[]): ColumnSource[] {
  const text = (name: string, of: (d: Decision) => string | undefined): ColumnSource => ({
    name,
    type: 'STRING',
    nullable: true,
    data: page.map((d) => of(d) ?? null),
  });
  const number = (name: string, of: (d: Decision) => number | undefined): ColumnSource => ({
    name,
    type: 'DOUBLE',
    nullable: true,
    data: page.map((d) => of(d) ?? null),
  });
  return [
    text('id', (d) => d.id),
    { name: 'look', type: 'TIMESTAMP', nullable: false, data: page.map((d) => new Date(d.lookMs)) },
    text('app', (d) => d.app),
    text('verdict', (d) => d.verdict),
    text('reason', (d) => d.reason),
    text('from', (d) => d.from),
    text('to', (d) => d.to),
    number('gain', (d) => d.gain),
    number('horizonS', (d) => d.horizonS),
    text('predictor', (d) => d.predictor),
    number('modelVersion', (d) => d.modelVersion),
    number('policyVersion', (d) => d.policyVersion),
    text('candidates', (d) => JSON.stringify(d.candidates)),
    text('gates', (d) => JSON.stringify(d.gates)),
  ];
}
