import { z } from 'zod';
import { duration } from './duration.ts';

/** Where a secret is to be read by the worker; the secret itself is never configuration. */
const secretReference = z
  .strictObject({
    /** An environment variable of the control worker. */
    env: z
      .string()
      .regex(
        /^(?!BERTH_|TEMPORAL_|DATABASE_URL$)[A-Z][A-Z0-9_]{0,99}$/,
        'an environment variable in capitals, and none of berth or Temporal',
      )
      .optional(),
    /** A file that the control worker may read. */
    file: z.string().startsWith('/', 'an absolute path').optional(),
  })
  .refine((s) => (s.env === undefined) !== (s.file === undefined), 'give exactly one of env and file');

const receiver = z.strictObject({
  url: z.string().refine(isHookAddress, 'an http:// or https:// address without user name, password and fragment'),
  secret: secretReference,
  /** How long one answer may take. */
  timeout: duration.default(10),
});

export const notificationsSchema = z.strictObject({
  /** Time between two deliveries of what has come up. */
  every: duration.default(15),
  receivers: z.record(z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/), receiver).default({}),
});
export type ReceiverConfig = z.output<typeof receiver>;
export type SecretReference = z.output<typeof secretReference>;

function isHookAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '' && hash === '';
}
