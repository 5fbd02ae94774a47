import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of this checkout, whether the source runs or what was built from it into .berth/build. */
export function checkoutFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder);
    if (above === folder) throw new Error('no package.json above scripts/platform: berth runs from a checkout');
    folder = above;
  }
  return folder;
}
