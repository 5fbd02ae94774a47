import { fileURLToPath } from 'node:url';

/** A compiled module of this build, by its path from the root of the sources with `.js`. */
export const built = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
