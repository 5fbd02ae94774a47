import { z } from 'zod';
import { duration } from '../../domain/duration.ts';

const column = z.string().min(1);
const seconds = duration.refine((s) => s > 0, 'must be longer than 0');

const loss = z.union([
  z.enum(['absolute', 'squared']),
  z.strictObject({
    /** Errors where the target is beyond `bound` count `weight` times. */
    sla: z.strictObject({ bound: z.number(), weight: z.number().positive() }),
  }),
]);

/** What a person writes in a task file. Durations are parsed to seconds. */
export const taskSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'a name has 1 to 100 letters, digits, dots, - and _'),
  kind: z.enum(['forecast', 'regression']),
  /** Column with the time: epoch seconds, epoch milliseconds or ISO 8601. */
  time: column.optional(),
  step: seconds.optional(),
  horizon: seconds.optional(),
  /** Column that names independent series. */
  group: column.optional(),
  target: z.strictObject({ column, unit: z.string().default(''), better: z.enum(['lower', 'higher']).default('lower') }),
  features: z
    .strictObject({
      /** `all`: every numeric column but time, group and target. Names may hold `*` and `?`. */
      columns: z.union([z.literal('all'), z.array(column)]).default('all'),
      except: z.array(column).default([]),
      pastTarget: z.boolean().default(true),
    })
    .prefault({}),
  /** The longest stretch of missing input that a prediction may bridge. */
  maxGap: duration.optional(),
  split: z.union([z.literal('time'), z.strictObject({ by: z.array(column).min(1) })]).optional(),
  loss: loss.default('absolute'),
  select: z.strictObject({ max: z.int().min(1), method: z.enum(['redundancy', 'univariate']).default('redundancy') }).optional(),
});

export type Task = z.infer<typeof taskSchema>;
export type TaskLoss = Task['loss'];

/** JSON schema of a task file, for editors. */
export function taskJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(taskSchema, { io: 'input' });
}
