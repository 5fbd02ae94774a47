import { readFile } from 'node:fs/promises';

import { parse } from 'yaml';

import { nearestName } from '../../domain/nearest-name.ts';
import { type Prices, pricesSchema } from '../../domain/replay/cost.ts';

/** The prices of a file, which must know every site of the trace and no other; no file: none. `sites` is undefined where they could not be read. */
export async function readPrices(
  file: string | undefined,
  sites: readonly string[] | undefined,
): Promise<{ prices?: Prices; problems: readonly string[] }> {
  if (file === undefined) return { problems: [] };
  let raw: unknown;
  try {
    raw = parse(await readFile(file, 'utf8'));
  } catch (error) {
    return { problems: [`${file}: ${error instanceof Error ? error.message : String(error)}`] };
  }
  const parsed = pricesSchema.safeParse(raw ?? {});
  if (!parsed.success) return { problems: parsed.error.issues.map((i) => `${file}: ${i.path.join('.')}: ${i.message}`) };
  const named = Object.keys(parsed.data);
  const missing = (sites ?? []).filter((site) => !named.includes(site)).map((site) => `${file}: the site ${site} has no price`);
  const strange = sites === undefined ? [] : named.filter((site) => !sites.includes(site));
  const problems = [...missing, ...strange.map((site) => `${file}: ${site}: the trace has no such site${hint(site, sites ?? [])}`)];
  return problems.length > 0 ? { problems } : { prices: parsed.data, problems };
}

function hint(site: string, sites: readonly string[]): string {
  const near = nearestName(site, sites);
  return near === undefined ? `; it has ${sites.join(', ')}` : `; did you mean ${near}?`;
}
