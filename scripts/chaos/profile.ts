import type { ProfileResult } from '../../workflows/profile-app.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';
import { siteOf } from './kills.ts';
import { until } from './moves.ts';
import type { Row } from './row.ts';
import { SITES, type Scene } from './scene.ts';

/** Profiles an app and kills the workers while it visits the other site: the visits go on, and the app is home at the end. */
export async function killInAProfile(scene: Scene, app: string): Promise<Row> {
  const { up } = scene;
  const home = await siteOf(scene, app);
  const telemetry = setInterval(() => void seen(scene, app), 500);
  try {
    const handle = await up.client.workflow.start('profileApp', {
      workflowId: workflowIds.profile(app),
      taskQueue: QUEUE.control,
      args: [{ app, visits: 1, visitS: 2 }],
    });
    await until(`${app} visits the other site`, async () => (await siteOf(scene, app)) !== home);
    const pid = up.workers.pid();
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    const { visits, failed } = (await handle.result()) as ProfileResult;
    const at = await siteOf(scene, app);
    return {
      fault: 'kill -9 in a visit of profileApp',
      how: 'SIGKILL of the workers',
      result: `${visits} visits seen, ${failed} failed, ${at === home ? 'home again' : `left on ${at}`}`,
      ok: at === home && visits === SITES.length && failed === 0,
    };
  } finally {
    clearInterval(telemetry);
  }
}

/** There is no telemetry here, and a profile wants some: it is written as the intake would, with figures that nobody reads. */
async function seen(scene: Scene, app: string): Promise<void> {
  await scene.up.store.appendScrape({
    atMs: Date.now(),
    sites: SITES.map((site) => ({ site, values: { cpu_cores: 1 } })),
    apps: [{ app, placed: await siteOf(scene, app), values: { load: 5, kpi_latency_ms: 10 } }],
  });
}
