import { readSettings } from '../../workers/parts/settings.ts';
import { runWorkers, type Role } from '../../workers/parts/run-worker.ts';
import { absentCluster } from './absent-cluster.ts';
import { siteNames } from './fleet.ts';

/** `worker.js ROLE SITES`: one worker of berth as it is in production, on a cluster without apps. */
const ROLES: readonly Role[] = ['control', 'compute', 'actuate'];
const role = ROLES.find((r) => r === process.argv[2]);
const sites = Number(process.argv[3]);
if (!role || !(sites >= 1)) throw new Error(`usage: worker.js ${ROLES.join('|')} SITES`);

const settings = readSettings(process.env);
const cluster = absentCluster({ url: settings.databaseUrl, sites: siteNames(sites) });
try {
  await runWorkers([role], settings, () => cluster);
} finally {
  await cluster.close();
}
