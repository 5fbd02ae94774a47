import { ApplicationFailure } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';

/** Bytes of JSON above which data must travel as a reference. */
export const PAYLOAD_MAX = 64 * 1024;

/** Refuses results that belong into the store or a blob; without it an oversized result would be computed again for ever. */
export const payloadLimit: ActivityInboundCallsInterceptor = {
  async execute(input, next) {
    const result = await next(input);
    const bytes = result === undefined ? 0 : Buffer.byteLength(JSON.stringify(result));
    if (bytes > PAYLOAD_MAX)
      throw ApplicationFailure.nonRetryable(`a result of ${bytes} bytes is above the ${PAYLOAD_MAX} that may pass`, 'PayloadTooLarge');
    return result;
  },
};
