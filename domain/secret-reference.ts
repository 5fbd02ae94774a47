import { z } from 'zod';

/** Where a secret is to be read by the worker; the secret itself is never configuration. */
export const secretReference = z
  .strictObject({
    /** An environment variable of the worker that needs it. */
    env: z
      .string()
      .regex(
        /^(?!BERTH_|TEMPORAL_|DATABASE_URL$)[A-Z][A-Z0-9_]{0,99}$/,
        'an environment variable in capitals, and none of berth or Temporal',
      )
      .optional(),
    /** A file that this worker may read. */
    file: z.string().startsWith('/', 'an absolute path').optional(),
  })
  .refine((s) => (s.env === undefined) !== (s.file === undefined), 'give exactly one of env and file');

export type SecretReference = z.output<typeof secretReference>;
