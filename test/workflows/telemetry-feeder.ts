import type { Store } from '../../connectors/store/types.ts';
import type { Config } from '../../domain/config.ts';
import type { MemoryPlatform } from './memory-platform.ts';

export interface Feeder {
  /** Milliseconds of p99 that an app shows on a site from now on; undefined = it cannot be read. 30 ms where nothing was said. */
  show(app: string, site: string, p99Ms: number | undefined): void;
  stop(): Promise<void>;
}

/** Writes a scrape of every app per step until it is stopped. A write that fails is thrown by `stop`. */
export function feedTelemetry(store: Store, config: Config, platform: MemoryPlatform): Feeder {
  const shown = new Map<string, number | undefined>();
  const kpi = (app: string, site: string) => (shown.has(`${app}@${site}`) ? shown.get(`${app}@${site}`) : 30);
  const scrape = () => ({
    atMs: Date.now(),
    sites: Object.keys(config.sites).map((site) => ({ site, values: { site_probe_ms: 1 } })),
    apps: Object.keys(config.apps).map((app) => {
      const site = platform.siteOf(app);
      const p99 = kpi(app, site);
      return { app, placed: site, values: p99 === undefined ? {} : { kpi_p99_ms: p99 } };
    }),
  });
  let going = true;
  let wake = () => {};
  const loop = async () => {
    while (going) {
      await store.appendScrape(scrape());
      if (!going) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, config.telemetry.step * 1000);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  const ended = loop();
  ended.catch(() => undefined);
  return {
    show: (app, site, p99Ms) => void shown.set(`${app}@${site}`, p99Ms),
    async stop() {
      going = false;
      wake();
      await ended;
    },
  };
}
