import { appendFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runDaemon } from './daemon.ts';

/** `node daemon-main.js --dir D [--scrapes FILE]`: the cluster by itself; scrapes go to a file of JSON lines, or nowhere. */
const { values } = parseArgs({ options: { dir: { type: 'string' }, scrapes: { type: 'string' } } });
if (values.dir === undefined) throw new Error('--dir is missing: the folder of the daemon');

const { scrapes } = values;
const daemon = await runDaemon({
  dir: values.dir,
  sink: async (scrape) => {
    if (scrapes !== undefined) await appendFile(scrapes, `${JSON.stringify(scrape)}\n`);
  },
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void daemon.stop());
await daemon.stopped;
process.exit(0);
