import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { addressProblem } from '../../../connectors/http/address.ts';
import { readSecret } from '../../../connectors/http/secret.ts';
import { signedHeaders } from '../../../connectors/webhook/sign.ts';
import { webhooks } from '../../../connectors/webhook/webhooks.ts';
import { cloudEventOf } from '../../../domain/cloud-event.ts';
import { SECRET, notifierContract } from '../../contracts/notifier.ts';

const open = () => webhooks({ environment: { HOOK_SECRET: SECRET }, clock: () => 1_614_265_330_000 });
notifierContract('webhooks', open);

test('a signature is that of the Standard Webhooks specification', () => {
  const body = '{"test": 2432232314}';
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  expect(signedHeaders({ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body }, secret, 1_614_265_330_123)).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test.each([
  ['169.254.169.254', 'metadata.example'],
  ['::ffff:169.254.169.254', '::ffff:169.254.169.254'],
  ['fe80::1', 'fe80::1'],
  ['0.0.0.0', '0.0.0.0'],
  ['::', '::'],
  ['239.1.1.1', 'x.example'],
])('%s as %s is never told anything', (address, host) => {
  expect(addressProblem(address, host)).toContain('never told anything');
});

test.each([
  ['127.0.0.1', 'hooks.example', 'leads to this machine'],
  ['::1', 'hooks.example', 'leads to this machine'],
  ['::ffff:127.0.0.1', 'hooks.example', 'leads to this machine'],
  ['127.0.0.1', 'localhost', undefined],
  ['127.0.0.2', '127.0.0.2', undefined],
  ['::1', '::1', undefined],
  ['10.1.2.3', 'hooks.example', undefined],
  ['93.184.216.34', 'hooks.example', undefined],
])('%s as %s: %s', (address, host, problem) => {
  expect(addressProblem(address, host) ?? '').toContain(problem ?? '');
  expect(addressProblem(address, host) === undefined).toBe(problem === undefined);
});

test('a literal link-local address is refused before anything is opened', async () => {
  const event = cloudEventOf({ id: 'x', kind: 'drift', atMs: 0, data: {} }, 'i');
  for (const url of ['http://169.254.169.254/latest', 'http://2852039166/', 'http://[fe80::1]/', 'http://[::ffff:169.254.169.254]/'])
    expect(await open().send(event, { url, timeout: 5, secret: { env: 'HOOK_SECRET' } })).toMatchObject({
      delivered: false,
      why: expect.stringContaining('never told anything'),
    });
});

test('a secret file may end with a line break, must not be empty or long, and is read anew each time', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'berth-secret-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const file = join(dir, 'key');
  await writeFile(file, 'one\n');
  expect(await readSecret({ file }, {})).toBe('one');
  await writeFile(file, 'two');
  expect(await readSecret({ file }, {})).toBe('two');
  await writeFile(file, '\n');
  await expect(readSecret({ file }, {})).rejects.toThrow(`the secret file ${file} is empty`);
  await writeFile(file, 'x'.repeat(5000));
  await expect(readSecret({ file }, {})).rejects.toThrow('longer than 4096 bytes');
});
