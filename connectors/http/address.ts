import { BlockList, isIP, isIPv6 } from 'node:net';

/** Addresses that serve the machine itself or its cloud's metadata, and those that are nobody's. */
const NEVER = blockList(
  ['169.254.0.0', 16],
  ['0.0.0.0', 8],
  ['224.0.0.0', 4],
  ['255.255.255.255', 32],
  ['fe80::', 10],
  ['ff00::', 8],
  ['::', 128],
  ['fd00:ec2::', 32],
);
const LOOPBACK = blockList(['127.0.0.0', 8], ['::1', 128]);

/** The host of an address as `isIP` reads it: URLs put IPv6 in brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

/** Whether a configuration says in so many words that it means this machine. */
export function namesLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || (isIP(host) > 0 && contains(LOOPBACK, host));
}

/** Why an address that a name led to is not connected to; undefined = it is. Loopback only where the name said so. */
export function addressProblem(address: string, host: string): string | undefined {
  if (contains(NEVER, address)) return 'leads to a link-local, multicast or unspecified address, which is never told anything';
  if (contains(LOOPBACK, address) && !namesLoopback(host)) return 'leads to this machine, but is not written as localhost';
  return undefined;
}

function blockList(...nets: (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of nets) list.addSubnet(net, prefix, isIPv6(net) ? 'ipv6' : 'ipv4');
  return list;
}

/** An IPv4 address inside an IPv6 one is what it leads to. */
function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
