import { describe, expect, test } from 'vitest';
import type { Series } from '../../../connectors/prometheus/reply.ts';
import { toScrapes } from '../../../connectors/prometheus/to-scrapes.ts';
import { unknown } from '../../../connectors/prometheus/unknown.ts';
import { prometheusSchema } from '../../../domain/prometheus-config.ts';

const prometheus = prometheusSchema.parse({ url: 'http://prom:9090', siteLabel: 'node', siteNames: { 'host-1': 's1' } });
const naming = { prometheus, sites: new Set(['s0', 's1']), apps: new Set(['web', 'db']) };

function at(labels: Record<string, string>, ...samples: [number, number][]): Series {
  return { labels, timesMs: samples.map(([t]) => t), values: samples.map(([, v]) => v) };
}
const take = (
  sites: Record<string, ReturnType<typeof unknown> | Series[]>,
  apps: Record<string, ReturnType<typeof unknown> | Series[]> = {},
) => toScrapes({ sites: new Map(Object.entries(sites)), apps: new Map(Object.entries(apps)) }, naming);

describe('answers become scrapes', () => {
  test('one scrape per time, in order, labels turned into names', () => {
    const { scrapes, problems } = take({ cpu_cores: [at({ node: 'host-1' }, [2000, 0.5], [3000, 0.75]), at({ node: 's0' }, [2000, 1])] });
    expect(problems).toEqual([]);
    expect(scrapes.map((s) => [s.atMs, s.sites])).toEqual([
      [
        2000,
        [
          { site: 's1', values: { cpu_cores: 0.5 } },
          { site: 's0', values: { cpu_cores: 1 } },
        ],
      ],
      [3000, [{ site: 's1', values: { cpu_cores: 0.75 } }]],
    ]);
  });

  test('an app is where its series say, and a figure without a site is its own wherever it is', () => {
    const { scrapes } = take({}, { load: [at({ app: 'web' }, [1000, 20])], kpi_p99_ms: [at({ app: 'web', node: 's0' }, [1000, 8])] });
    expect(scrapes[0]?.apps).toEqual([{ app: 'web', placed: 's0', values: { load: 20, kpi_p99_ms: 8 } }]);
  });

  test('an app on two sites at once is on neither, and what was measured on either is not its own', () => {
    const both = [at({ app: 'web', node: 's0' }, [1000, 8]), at({ app: 'web', node: 's1' }, [1000, 90])];
    const { scrapes } = take({}, { load: [at({ app: 'web' }, [1000, 20])], kpi_p99_ms: both });
    expect(scrapes[0]?.apps).toEqual([{ app: 'web', values: { load: 20 } }]);
  });

  test('a query of its own says where apps are; where it says 0 they are not', () => {
    const placed = [at({ app: 'web', node: 's0' }, [1000, 0]), at({ app: 'web', node: 's1' }, [1000, 2])];
    const { scrapes } = take(
      {},
      { placed, kpi_p99_ms: [at({ app: 'web', node: 's0' }, [1000, 8]), at({ app: 'web', node: 's1' }, [1000, 90])] },
    );
    expect(scrapes[0]?.apps).toEqual([{ app: 'web', placed: 's1', values: { kpi_p99_ms: 90 } }]);
  });

  test('two series for one name contradict each other: neither counts, and the problem names both', () => {
    const { scrapes, problems } = take({
      cpu_cores: [at({ node: 's1' }, [1000, 1]), at({ node: 'host-1' }, [1000, 2]), at({ node: 's0' }, [1000, 3])],
    });
    expect(scrapes[0]?.sites).toEqual([{ site: 's0', values: { cpu_cores: 3 } }]);
    expect(problems).toEqual([expect.stringMatching(/^sites\.cpu_cores: more than one series for s1; aggregate/)]);
  });

  test.each([
    [{ node: 's9' }, /sites\.cpu_cores: node="s9" names no site; did you mean s0\?/],
    [{ instance: 'x' }, /sites\.cpu_cores: a series without the label node \(it has instance\)/],
  ])('a series that names nothing is left out by name: %o', (labels, message) => {
    const { scrapes, problems } = take({ cpu_cores: [at(labels as unknown as Record<string, string>, [1000, 1])] });
    expect(scrapes).toEqual([]);
    expect(problems).toEqual([expect.stringMatching(message)]);
  });

  test('what was not answered leaves the rest as it is', () => {
    const { scrapes, problems } = take({
      cpu_cores: unknown('timeout', 'no answer within 10 s', true),
      mem_bytes: [at({ node: 's0' }, [1000, 7])],
    });
    expect(scrapes).toEqual([{ atMs: 1000, sites: [{ site: 's0', values: { mem_bytes: 7 } }], apps: [] }]);
    expect(problems).toEqual(['sites.cpu_cores: timeout: no answer within 10 s']);
  });
});
