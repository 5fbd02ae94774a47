import { readSettings } from './parts/settings.ts';
import { runWorkers } from './parts/run-worker.ts';

await runWorkers(['control'], readSettings(process.env));
