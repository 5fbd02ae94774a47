import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allowedCores } from '../../../connectors/local/proc.ts';
import { eventually } from '../../contracts/eventually.ts';
import { familyOf, isGone, localGround } from './local-ground.ts';
import type { LocalGround } from './local-ground.ts';

const cores = allowedCores() ?? [];

function canPin(): boolean {
  try {
    execFileSync('taskset', ['-c', String(cores[0]), 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe.runIf(cores.length >= 2 && canPin())('sites that are cores (needs two of them and taskset)', () => {
  let ground: LocalGround;
  beforeAll(async () => {
    ground = await localGround({ mode: 'cores', rate: 30 });
  });
  afterAll(() => ground?.close());
  const coresOf = (pid: number | undefined) => /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];

  test('a service runs on the core of its site and nowhere else, before and after a move', async () => {
    expect(coresOf((await ground.platform.status()).apps['web']?.pid)).toBe(String(cores[0]));
    const change = { app: 'web', to: 'b', decisionId: 'c1' };
    await ground.platform.actuator.apply(change);
    const { report } = await eventually('web serves from b', async () => {
      const answer = await ground.platform.actuator.ready(change);
      return answer.ready && answer;
    });
    expect(report?.failedRequests).toBe(0);
    expect(coresOf((await ground.platform.status()).apps['web']?.pid)).toBe(String(cores[1]));
  });

  test('a command runs on the core of its site', async () => {
    expect(coresOf((await ground.platform.status()).apps['picky']?.pid)).toBe(String(cores[0]));
  });

  test('what is scraped is measured: CPU of the core and of the app, probe and waiting', async () => {
    const full = await eventually('a full scrape', () =>
      ground
        .scrapes()
        .find(
          ({ apps, sites }) =>
            apps.some(({ values }) => values['app_rundelay_ratio'] !== undefined) &&
            sites.every(({ values }) => values['cpu_cores'] !== undefined && values['probe_ratio'] !== undefined),
        ),
    );
    for (const { values } of full.sites) expect(values).toMatchObject({ cpu_cores: expect.any(Number), probe_ratio: expect.any(Number) });
    const web = full.apps.find(({ app }) => app === 'web');
    expect(web?.values['app_cpu_cores']).toBeGreaterThan(0);
  });

  test('neighbours burn on the core of one site at a time, first one and then all', async () => {
    const noisy = await localGround({ mode: 'cores', neighbours: { warm: 0.5, hot: 1, gap: 0.2, burners: 2, jitter: 0 } });
    try {
      const { pid } = await noisy.platform.status();
      const isBurner = (one: number) => !isGone(one) && readFileSync(`/proc/${one}/cmdline`, 'utf8').includes('burner.js');
      const pinned = (core: number | undefined) => () => {
        const burners = familyOf(pid).filter(isBurner).map(coresOf);
        return burners.length === 2 && burners.every((one) => one === String(core));
      };
      await eventually('the neighbours are on the first core', pinned(cores[0]));
      await eventually('the neighbours are on the second core', pinned(cores[1]));
      await eventually('none is left in a gap', () => familyOf(pid).filter(isBurner).length === 0);
    } finally {
      await noisy.close();
    }
  });

  test('a core that is not there is refused by its number', async () => {
    await expect(localGround({ mode: 'cores', sites: { a: { core: 900 }, b: {} } })).rejects.toThrow('core 900');
  });
});
