import { freePort } from '../../../connectors/http/free-port.ts';

const DEADLINE_MS = 2_000;

/**
 * The metrics of the Temporal SDK come from an exporter of its own: here it listens on loopback only, and `read` fetches what it has, so that a
 * worker has one address for everything. What it does not answer is left out.
 */
export async function sdkMetrics(): Promise<{ bindAddress: string; read: () => Promise<string> }> {
  const bindAddress = `127.0.0.1:${await freePort()}`;
  return {
    bindAddress,
    read: async () => {
      try {
        const answer = await fetch(`http://${bindAddress}/metrics`, { signal: AbortSignal.timeout(DEADLINE_MS) });
        return answer.ok ? await answer.text() : '';
      } catch {
        return '';
      }
    },
  };
}
