import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { lowerPriority } from '../../scripts/up/lower-priority.ts';

test('a process is put behind the others, and so is its session where the kernel weighs sessions', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { detached: true });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const before = getPriority(pid);
  await lowerPriority(pid);
  expect(getPriority(pid)).toBe(Math.max(before, 5));
  const group = `/proc/${pid}/autogroup`;
  if (existsSync(group)) expect(readFileSync(group, 'utf8')).toMatch(/nice 5\n$/);
});

test('a process that has ended is left alone', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  await expect(lowerPriority(child.pid ?? 0)).resolves.toBeUndefined();
});
