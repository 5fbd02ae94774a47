import type { EvidenceRow } from './records.ts';

/**
 * Evidence of the version that predicted, by site: the app's own where there is some, else that of the app whose profile the model was trained on.
 */
export function evidenceFor(rows: readonly EvidenceRow[], of: { key: string; app: string; version?: number }): EvidenceRow[] {
  const bySite = new Map<string, EvidenceRow>();
  for (const row of rows) {
    if (row.key !== of.key || row.version !== of.version || (row.app !== of.app && row.app !== of.key)) continue;
    if (row.app === of.app || !bySite.has(row.site)) bySite.set(row.site, row);
  }
  return [...bySite.values()];
}
