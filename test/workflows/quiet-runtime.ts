import { DefaultLogger, Runtime } from '@temporalio/worker';

/** Tests provoke what workers warn of; only errors are worth a line. Once per process. */
export function quietRuntime(): void {
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'temporalio_sdk_core=ERROR' } } });
}
