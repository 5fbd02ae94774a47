import { z } from 'zod';
import { duration } from './duration.ts';
import { NAME } from './name.ts';
import { secretReference } from './secret-reference.ts';

const receiver = z.strictObject({
  url: z.string().refine(isHookAddress, 'an http:// or https:// address without user name, password and fragment'),
  secret: secretReference,
  /** How long one answer may take. */
  timeout: duration.default(10),
});

export const notificationsSchema = z.strictObject({
  /** Time between two deliveries of what has come up. */
  every: duration.default(15),
  receivers: z.record(z.string().regex(NAME), receiver).default({}),
});
export type ReceiverConfig = z.output<typeof receiver>;

function isHookAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '' && hash === '';
}
