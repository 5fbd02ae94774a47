interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly requestReceivedTimestamp: string;
  readonly objectRef?: { readonly namespace?: string; readonly name?: string };
  readonly responseStatus?: { readonly code?: number };
  readonly requestObject?: { readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> } };
}

export interface EffectiveWrite {
  readonly decision: string;
  readonly atMs: number;
}

/**
 * The writes of berth that the API server has carried out and that changed more than berth's own record: each raises the count of writes in
 * that record. Told by the server's audit log, not by berth's word for it.
 */
export function effectiveWrites(log: string, of: { namespace: string; name: string }): readonly EffectiveWrite[] {
  const events = log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter(
      ({ verb, objectRef, requestURI }) =>
        verb === 'patch' && objectRef?.namespace === of.namespace && objectRef.name === of.name && !requestURI.includes('dryRun=All'),
    )
    .filter(({ responseStatus }) => (responseStatus?.code ?? 500) < 300);
  let count = 0;
  return events.flatMap(({ requestObject, requestReceivedTimestamp }) => {
    const annotations = requestObject?.metadata?.annotations ?? {};
    const writes = (JSON.parse(annotations['berth/record'] ?? '{}') as { writes?: number }).writes ?? count;
    if (writes <= count) return [];
    count = writes;
    return [{ decision: annotations['berth/decision'] ?? '', atMs: Date.parse(requestReceivedTimestamp) }];
  });
}
