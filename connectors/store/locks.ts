import type { Tx } from './connect.ts';

/** Advisory locks of the store: first key "brth", second one of these. Never renumber: old and new processes share them. */
const LOCKS = { migrate: 1, names: 2, partitions: 3, claims: 4, aliases: 5 } as const;
export type Lock = keyof typeof LOCKS;
const SPACE = 0x62727468;

/** Waits for a lock that the transaction holds to its end. */
export async function lockFor(tx: Tx, lock: Lock): Promise<void> {
  await tx`select pg_advisory_xact_lock(${SPACE}, ${LOCKS[lock]})`;
}

/** Many may hold it together, but none beside the holder of `lockFor`. */
export async function shareLock(tx: Tx, lock: Lock): Promise<void> {
  await tx`select pg_advisory_xact_lock_shared(${SPACE}, ${LOCKS[lock]})`;
}
