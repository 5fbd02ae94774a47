import type { Decision } from '../../domain/decision.ts';
import type { DecisionFilter, Store } from './types.ts';

/** More than one look of any fleet makes, so that a page always ends in an older look than it began with. */
const PAGE = 6000;

/** Every decision that a filter finds, newest first, in pages; at most `most`. Asks again from the last look of the page before. */
export async function* decisionPages(
  store: Pick<Store, 'decisions'>,
  filter: DecisionFilter,
  most = Infinity,
): AsyncGenerator<readonly Decision[]> {
  let [left, toMs, seen] = [most, filter.toMs, new Set<string>()];
  while (left > 0) {
    const page = await store.decisions({ ...filter, ...(toMs !== undefined && { toMs }), limit: PAGE });
    const fresh = page.filter((d) => !seen.has(d.id)).slice(0, left);
    yield fresh;
    left -= fresh.length;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    if (last.lookMs === page[0]?.lookMs) throw new RangeError(`the look ${last.lookMs} has more than ${PAGE} decisions`);
    toMs = last.lookMs;
    seen = new Set(page.filter((d) => d.lookMs === toMs).map((d) => d.id));
  }
}
