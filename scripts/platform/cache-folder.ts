import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { checkoutFolder } from './checkout.ts';

/** Where large things that every checkout can share are kept, the best first: the user's cache, else this checkout. */
export function cacheFolders(env: NodeJS.ProcessEnv): readonly string[] {
  const given = env['XDG_CACHE_HOME'];
  const cache = given && isAbsolute(given) ? given : join(env['HOME'] || homedir(), '.cache');
  return [join(cache, 'berth'), join(checkoutFolder(), '.berth')];
}
