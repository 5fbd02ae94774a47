import type { Notice } from './notice.ts';

/** A CloudEvent of version 1.0 in its JSON form. */
export interface CloudEvent {
  readonly specversion: '1.0';
  /** The same for every try and every receiver: the idempotency key. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: Readonly<Record<string, unknown>>;
}

/** The event that receivers get for a notice of this installation. */
export function cloudEventOf({ id, kind, app, atMs, data }: Notice, installation: string): CloudEvent {
  return {
    specversion: '1.0',
    id,
    source: `/berth/${installation}`,
    type: `berth.${kind}`,
    subject: app === undefined ? 'fleet' : `app/${app}`,
    time: new Date(atMs).toISOString(),
    datacontenttype: 'application/json',
    data: { ...(app !== undefined && { app }), ...data },
  };
}
