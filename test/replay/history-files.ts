import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { temporal } from '@temporalio/proto';

import { checkoutFolder } from '../../scripts/platform/checkout.ts';

const FOLDER = join(checkoutFolder(), 'test', 'replay', 'histories');

export interface Recorded {
  readonly name: string;
  /** JSON of a history, in the form that `temporal workflow show -o json` writes. */
  readonly history: { readonly events: readonly Record<string, unknown>[] };
}

/** Every recorded history, by name `<workflow>.<outcome>`. */
export async function recordedHistories(): Promise<Recorded[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.json')).sort();
  return await Promise.all(
    names.map(async (file) => ({
      name: file.replace(/\.json$/, ''),
      history: JSON.parse(await readFile(join(FOLDER, file), 'utf8')) as Recorded['history'],
    })),
  );
}

/** Writes a history, an event per line, without what names a machine: the folder of the checkout in stack traces. */
export async function writeHistory(name: string, history: temporal.api.history.v1.IHistory): Promise<void> {
  const { events } = JSON.parse(historyToJSON(history)) as Recorded['history'];
  const lines = events.map((event) => JSON.stringify(event).replaceAll(checkoutFolder(), '.'));
  await writeFile(join(FOLDER, `${name}.json`), `{"events":[\n${lines.join(',\n')}\n]}\n`);
}
