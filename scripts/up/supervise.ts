import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

export interface Part {
  readonly name: string;
  /** Compiled module to run. */
  readonly module: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Its output goes here. */
  readonly log: string;
  readonly say: (line: string) => void;
  /** The longest pause before it is started again; absent: 15 s. */
  readonly longestPauseMs?: number;
}

export interface Supervised {
  /** Process id of the present run; undefined between two runs. */
  pid(): number | undefined;
  restarts(): number;
  /** SIGTERM, and SIGKILL after `graceS`. */
  stop(graceS?: number): Promise<void>;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** Ends the part when we end without a word. */
const FOLLOW = new URL('../run/follow-parent.mjs', import.meta.url).href;
/** A run this long resets the pause before the next. */
const STEADY_MS = 60_000;

/** Keeps one process of berth running: started again when it ends, sooner at first and later if it goes on ending. */
export function supervise(part: Part): Supervised {
  let child: ChildProcess | undefined;
  let stopping = false;
  let restarts = 0;
  const stopped = new AbortController();
  const finished = keepUp();
  return {
    pid: () => (child?.exitCode === null && child.signalCode === null ? child.pid : undefined),
    restarts: () => restarts,
    async stop(graceS = 20) {
      stopping = true;
      stopped.abort();
      if (child && child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        const late = setTimeout(() => child?.kill('SIGKILL'), graceS * 1000);
        await finished;
        clearTimeout(late);
      }
      await finished;
    },
  };

  async function keepUp(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!stopping) {
      const began = Date.now();
      child = start(part);
      const how = await ending(child);
      if (stopping) return;
      if (Date.now() - began > STEADY_MS) pauseMs = FIRST_PAUSE_MS;
      restarts++;
      part.say(`${part.name} ended (${how}); it is started again in ${pauseMs / 1000} s; its log: ${part.log}`);
      await wait(pauseMs, undefined, { signal: stopped.signal }).catch(() => undefined);
      pauseMs = Math.min(part.longestPauseMs ?? LONGEST_PAUSE_MS, pauseMs * 2);
    }
  }
}

function start(part: Part): ChildProcess {
  const log = openSync(part.log, 'a', 0o600);
  try {
    return spawn(process.execPath, ['--import', FOLLOW, part.module, ...(part.args ?? [])], {
      env: { ...baseEnvironment(), ...part.env },
      stdio: ['ignore', log, log, 'ipc'],
      // A session of its own: Ctrl-C reaches us, who stop it in order, and its priority is not ours.
      detached: true,
    });
  } finally {
    closeSync(log);
  }
}

async function ending(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    return signal ?? `exit code ${String(code)}`;
  } catch (error) {
    return error instanceof Error ? error.message : 'it could not be started';
  }
}

/** What a part may inherit: nothing that points at another Temporal, database or cluster. */
function baseEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !/^(TEMPORAL_|BERTH_|DATABASE_URL$|PG|KUBE)/.test(name),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}
