import { readFile, readdir, readlink } from 'node:fs/promises';

/** `ip:port` of every TCP socket that a process listens on, from /proc: Linux only. IPv6 addresses stay in hexadecimal. */
export async function listeningAddresses(pid: number): Promise<string[]> {
  const inodes = await socketsOf(pid);
  const lines = [...(await tableOf(pid, 'tcp')), ...(await tableOf(pid, 'tcp6'))];
  return lines
    .filter(({ state, inode }) => state === LISTEN && inodes.has(inode))
    .map(({ address }) => address)
    .sort();
}

const LISTEN = '0A';

async function socketsOf(pid: number): Promise<Set<string>> {
  const links = await Promise.all((await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

async function tableOf(pid: number, name: string): Promise<{ address: string; state: string; inode: string }[]> {
  const [, ...lines] = (await readFile(`/proc/${pid}/net/${name}`, 'utf8')).trim().split('\n');
  return lines.map((line) => {
    const fields = line.trim().split(/\s+/);
    return { address: readable(fields[1] ?? ''), state: fields[3] ?? '', inode: fields[9] ?? '' };
  });
}

function readable(hex: string): string {
  const [host = '', port = ''] = hex.split(':');
  const numbers = (host.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));
  return `${host.length === 8 ? numbers.reverse().join('.') : host}:${Number.parseInt(port, 16)}`;
}
