import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** The arguments of a process, the program first; undefined = no such process, or not to be read. Elsewhere than on Linux they are cut at spaces. */
export function commandLine(pid: number): readonly string[] | undefined {
  if (!existsSync('/proc/self/cmdline')) return fromPs().get(pid);
  const text = readOrUndefined(`/proc/${pid}/cmdline`);
  return text ? text.replace(/\0$/, '').split('\0') : undefined;
}

/** The first process whose arguments satisfy `matches`. */
export function findProcess(matches: (args: readonly string[]) => boolean): number | undefined {
  if (!existsSync('/proc/self/cmdline')) return [...fromPs()].find(([, args]) => matches(args))?.[0];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      const args = commandLine(pid);
      return args !== undefined && matches(args);
    });
}

function fromPs(): Map<number, readonly string[]> {
  const text = execFileSync('ps', ['-axww', '-o', 'pid=,args='], { encoding: 'utf8' });
  return new Map(
    text.split('\n').flatMap((line) => {
      const match = /^\s*(\d+)\s+(.*)$/.exec(line);
      return match ? [[Number(match[1]), (match[2] ?? '').split(' ')] as const] : [];
    }),
  );
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return undefined;
    throw error;
  }
}
