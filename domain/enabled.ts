import type { Config } from './config.ts';

/** Whether berth works for an app: neither it nor the whole was turned off. */
export function isEnabled({ enabled, apps }: Pick<Config, 'enabled' | 'apps'>, app: string): boolean {
  return enabled !== false && apps[app] !== undefined && apps[app].enabled !== false;
}

export function enabledApps(config: Pick<Config, 'enabled' | 'apps'>): readonly string[] {
  return Object.keys(config.apps).filter((app) => isEnabled(config, app));
}
