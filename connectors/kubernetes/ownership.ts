import { pathOfField, type PinField } from './pin.ts';
import type { Workload } from './view.ts';

export const managerOf = (installation: string) => `berth-${installation}`;

/** Who else has set the field, as `name (how)`. Only the API server writes these records, so they are the word to go by. */
export function otherOwners(workload: Workload, field: PinField, own: string): readonly string[] {
  const path = pathOfField(field).map((key) => `f:${key}`);
  return (workload.metadata?.managedFields ?? [])
    .filter(({ manager, operation, subresource }) => !(manager === own && operation === 'Apply') && (subresource ?? '') === '')
    .filter(({ fieldsV1 }) => has(fieldsV1, path))
    .map(({ manager, operation }) => `${manager ?? 'somebody'} (${operation ?? 'Update'})`);
}

/** The field itself, or a whole above it that was set as one. */
function has(fields: unknown, path: readonly string[]): boolean {
  let place = fields;
  for (const key of path) {
    if (typeof place !== 'object' || place === null || !Object.hasOwn(place, key)) return false;
    place = (place as Record<string, unknown>)[key];
  }
  return true;
}
