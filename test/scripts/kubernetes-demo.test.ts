import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startExporter } from '../../scripts/demo/kubernetes/exporter.ts';
import { readTrace } from '../../scripts/demo/kubernetes/trace.ts';
import { readConfig } from '../../scripts/commands/apply.ts';

const examples = new URL('../../examples/kubernetes/', import.meta.url).pathname;

describe('what the demo on Kubernetes plays', () => {
  let dir: string;
  beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'berth-trace-'))));
  afterAll(() => rm(dir, { recursive: true }));
  const trace = async (text: string) => {
    await writeFile(join(dir, 'trace.csv'), text);
    return await readTrace(join(dir, 'trace.csv'));
  };

  test('is a recording of every site and series that its configuration asks for, without a gap', async () => {
    const recorded = await readTrace(join(examples, 'recorded.csv'));
    const { sites, connectors } = await readConfig(join(examples, 'demo.berth.yaml'));
    expect(recorded.sites).toEqual(Object.keys(sites));
    const wanted = Object.values({ ...connectors.prometheus?.sites, ...connectors.prometheus?.apps });
    for (let s = 0; s < recorded.seconds; s++)
      for (const site of recorded.sites)
        expect([...Object.keys(recorded.at(s * 1000).get(site) ?? {}), 'placed'].map((name) => `berth_demo_${name}`).sort()).toEqual(
          wanted.sort(),
        );
  });

  test('begins again at its end, and an empty cell is unknown', async () => {
    const short = await trace('# words\nsecond,site,cpu_cores,load\n0,a,0.5,\n1,a,,7\n');
    expect(short.seconds).toBe(2);
    expect([short.at(0), short.at(1_999), short.at(2_000)].map((tick) => tick.get('a'))).toEqual([
      { cpu_cores: 0.5 },
      { load: 7 },
      { cpu_cores: 0.5 },
    ]);
  });

  test.each([
    ['second,cpu\n0,1\n', 'first line'],
    ['second,site,cpu_cores\n0,a\n', 'cannot read "0,a"'],
    ['second,site,cpu_cores\n0,a,much\n', 'no number in "0,a,much"'],
  ])('%j is refused', async (text, why) => {
    await expect(trace(text)).rejects.toThrow(why);
  });

  test('is told of the site that each app is on, of both while it is on both, and of none that cannot be found', async () => {
    const at = new Map([
      ['one', ['a']],
      ['two', ['a', 'b']],
      ['lost', []],
    ]);
    const exporter = await startExporter(await trace('second,site,cpu_cores,kpi_latency_ms\n0,a,1,10\n0,b,2,20\n'), async () => at);
    try {
      const said = await (await fetch(`http://${exporter.address}/metrics`)).text();
      expect(said.trim().split('\n').sort()).toEqual([
        'berth_demo_cpu_cores{site="a"} 1',
        'berth_demo_cpu_cores{site="b"} 2',
        'berth_demo_kpi_latency_ms{app="one",site="a"} 10',
        'berth_demo_kpi_latency_ms{app="two",site="a"} 10',
        'berth_demo_kpi_latency_ms{app="two",site="b"} 20',
        'berth_demo_placed{app="one",site="a"} 1',
        'berth_demo_placed{app="two",site="a"} 1',
        'berth_demo_placed{app="two",site="b"} 1',
      ]);
    } finally {
      await exporter.close();
    }
  });

  test('is not told while the cluster cannot be asked', async () => {
    const exporter = await startExporter(await trace('second,site,cpu_cores\n0,a,1\n'), () => Promise.reject(new Error('away')));
    try {
      expect((await fetch(`http://${exporter.address}/`)).status).toBe(503);
    } finally {
      await exporter.close();
    }
  });
});
