import type { Payload, PayloadCodec } from '@temporalio/common';

/** What the SDK's converter reads; of these only JSON can be broken. */
const READ = new Set(['json/plain', 'binary/plain', 'binary/null']);

/**
 * Makes every payload one that can be read. Anyone who may signal can send bytes that are no JSON, or an encoding that nobody here knows; the
 * workflow task that has to read them would fail and be tried again for ever. As a plain text they meet the guards, which refuse and count them.
 */
export const readablePayloads: PayloadCodec = {
  async encode(payloads) {
    return payloads;
  },
  async decode(payloads) {
    return payloads.map((payload) => (isReadable(payload) ? payload : replacement));
  },
};

const replacement: Payload = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('"a payload that could not be read"') };

function isReadable({ metadata, data }: Payload): boolean {
  const encoding = Buffer.from(metadata?.['encoding'] ?? []).toString();
  if (encoding !== 'json/plain') return READ.has(encoding);
  try {
    JSON.parse(Buffer.from(data ?? []).toString());
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
