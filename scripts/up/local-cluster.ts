import { parseArgs } from 'node:util';

import { runDaemon } from '../../connectors/local/daemon.ts';
import { openStore } from '../../connectors/store/store.ts';

/** The local cluster of a folder, its telemetry going into the database of DATABASE_URL. Ends on SIGTERM or by request. */
const { values } = parseArgs({ options: { dir: { type: 'string' } } });
const url = process.env['DATABASE_URL'];
if (values.dir === undefined || url === undefined) throw new Error('the local cluster needs --dir and DATABASE_URL');

const store = await openStore({ url, max: 2 });
const daemon = await runDaemon({ dir: values.dir, sink: (scrape) => store.appendScrape(scrape) });
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void daemon.stop());
// With a channel to whoever started it, it does not outlive them.
process.once('disconnect', () => void daemon.stop());
process.channel?.unref();
await daemon.stopped;
await store.close();
process.exit(0);
