import type { Store } from '../../connectors/store/types.ts';
import { decisionPage } from '../../domain/decision-page.ts';
import type { Decision } from '../../domain/decision.ts';
import { Told } from './connect.ts';

export interface ExplainOptions {
  readonly at?: string;
  readonly move?: boolean;
}

/** The page of one decision, named by its id, or by its app and perhaps a time. */
export async function explain(store: Store, wanted: string, options: ExplainOptions): Promise<string> {
  const decision = await find(store, wanted, options);
  const { app, lookMs, id } = decision;
  const [claim, outcomes] = await Promise.all([store.claim(id), store.outcomes({ app, fromMs: lookMs, toMs: lookMs })]);
  return decisionPage(decision, { outcomes, ...(claim && { claim }) }).join('\n');
}

async function find(store: Store, wanted: string, options: ExplainOptions): Promise<Decision> {
  const toMs = options.at === undefined ? undefined : Date.parse(options.at);
  if (toMs !== undefined && Number.isNaN(toMs))
    throw new Told(`--at ${options.at ?? ''} is not an instant such as 2026-11-25T18:00:00Z`, 2);
  const byId = await ofId(store, wanted);
  if (byId) return byId;
  const names = Object.keys((await store.config())?.config.apps ?? {});
  const verdicts = options.move ? ['move', 'recommend'] : [undefined];
  const ask = (verdict: string | undefined) =>
    store.decisions({ app: wanted, limit: 1, ...(verdict && { verdict }), ...(toMs !== undefined && { toMs }) });
  const found = (await Promise.all(verdicts.map(ask))).flat().sort((a, b) => b.lookMs - a.lookMs)[0];
  if (found) return found;
  if (names.includes(wanted)) throw new Told(`there is no such decision of ${wanted} in the records`);
  throw new Told(`no app is called ${wanted} and no decision has this id; apps are ${names.join(', ') || 'none'}`, 2);
}

/** The id of a decision is `<app>-<epoch ms of its look>`. */
async function ofId(store: Store, wanted: string): Promise<Decision | undefined> {
  const [, app, look] = /^(.+)-(\d{1,15})$/.exec(wanted) ?? [];
  if (app === undefined || look === undefined) return undefined;
  const lookMs = Number(look);
  return (await store.decisions({ app, fromMs: lookMs, toMs: lookMs, limit: 1 }))[0];
}
