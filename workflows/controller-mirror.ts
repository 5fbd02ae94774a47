import { condition } from '@temporalio/workflow';

import { store } from './activity-groups.ts';
import { rowOf, type ControllerState } from './controller-state.ts';

/**
 * Writes the state into the store. A message is acknowledged only when the store, and so every look and every effect, can see it.
 * Only the main loop calls it: local activities side by side may be replayed in another order than they ended in.
 */
export async function mirror(own: ControllerState): Promise<void> {
  if (own.mirrored >= own.seq) return;
  const { seq } = own;
  await store.mirrorController(rowOf(own));
  own.mirrored = Math.max(own.mirrored, seq);
}

/** What a handler waits for before it answers. */
export async function mirrored(own: { readonly seq: number; readonly mirrored: number }): Promise<void> {
  const { seq } = own;
  await condition(() => own.mirrored >= seq);
}

/** Waits for work that may take long, and goes on mirroring meanwhile, so that a pause is acknowledged during it. The work calls no local activity. */
export async function meanwhile<T>(
  own: { readonly seq: number; readonly mirrored: number },
  work: Promise<T>,
  write: () => Promise<void>,
): Promise<T> {
  let ended = false;
  const end = () => {
    ended = true;
  };
  work.then(end, end);
  while (!ended) {
    await condition(() => ended || own.mirrored < own.seq);
    if (own.mirrored < own.seq) await write();
  }
  return await work;
}
