import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until `ms` have passed since the same thing was last asked, so that who polls often does not burden the API server. */
export function paced(ms: number): (what: string) => Promise<void> {
  const last = new Map<string, number>();
  return async (what) => {
    const now = Date.now();
    for (const [one, atMs] of last) if (now - atMs > 60_000) last.delete(one);
    const waitMs = (last.get(what) ?? 0) + ms - now;
    last.set(what, Math.max(now, now + waitMs));
    if (waitMs > 0) await sleep(waitMs);
  };
}
