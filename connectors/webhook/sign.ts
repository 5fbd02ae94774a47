import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';

/**
 * The headers of the Standard Webhooks specification: id, time in seconds, and HMAC-SHA256 over `<id>.<time>.<body>`. A secret that begins with
 * `whsec_` is base64; any other is taken as it is. A receiver drops what it has by `webhook-id`, and what is old by `webhook-timestamp`.
 */
export function signedHeaders(event: { id: string; body: string }, secret: string, nowMs: number): Record<string, string> {
  const seconds = String(Math.floor(nowMs / 1000));
  const key = secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : Buffer.from(secret);
  const signature = createHmac('sha256', key).update(`${event.id}.${seconds}.${event.body}`).digest('base64');
  return { 'webhook-id': event.id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${signature}` };
}
