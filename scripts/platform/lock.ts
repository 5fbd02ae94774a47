export { isRunning, ownIdentity, processIdentity } from '../run/process-identity.mjs';
export { readLock, withLock } from '../run/lock.mjs';
