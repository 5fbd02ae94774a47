import type { Platform } from '../../connectors/ports.ts';

/** What a connector offers to the contract suites. The suites leave every app at `home`. */
export interface Ground {
  readonly platform: Platform;
  /** An app that runs at `home`, may run at `away`, and needs a moment to start. */
  readonly app: string;
  /** An app at `home` whose start at `away` fails. */
  readonly broken: string;
  readonly home: string;
  readonly away: string;
  /** A change is written when it is applied, not when it switches: calling it off is a second write, and a failed start stays until it is undone. */
  readonly writesAtOnce?: boolean;
  /** Status of one request to the app's address. */
  request(app: string): Promise<number>;
  /** Requests that the load generator has sent to the app since the ground was made. */
  sent(app: string): Promise<number>;
  close(): Promise<void>;
}
