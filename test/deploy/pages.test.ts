import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scheduleIds } from '../../activities/schedules.ts';
import { parseConfig } from '../../domain/parse-config.ts';
import { checkoutFolder } from '../../scripts/platform/checkout.ts';
import { readOperatorMessage, readSiteMessage } from '../../workflows/guards.ts';
import { QUEUE, workflowIds } from '../../workflows/queues.ts';

const ROOT = checkoutFolder();
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const docs = (folder: string): string[] =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);
const PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...docs('docs'), ...docs('docs/decisions')];
const README = read('README.md');

/** Bodies of the fenced blocks of a language. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((match) => match[1] ?? '');
}

/** Commands of the shell blocks, continued lines joined, without `export`s. */
const commands = blocks(README, 'sh')
  .flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'))
  .filter((line) => line.startsWith('temporal '));
const valueOf = (command: string, flag: string): string | undefined =>
  new RegExp(`--${flag} ('[^']*'|"[^"]*"|\\S+)`).exec(command)?.[1]?.replace(/^['"]|['"]$/g, '');

test.each(PAGES)('%s links only to what is there', (page) => {
  const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '').filter((link) => !/^(?:https?:|#)/.test(link));
  expect(links.filter((link) => !existsSync(join(ROOT, dirname(page), link.split('#')[0] ?? '')))).toEqual([]);
});

test.each(docs('docs/decisions'))('%s is a title and five lines', (page) => {
  const [title, blank, ...lines] = read(page).trimEnd().split('\n');
  expect(title).toMatch(/^# \d+\. /);
  expect(page).toContain(`/${(/\d+/.exec(title ?? '')?.[0] ?? '').padStart(4, '0')}-`);
  expect(blank).toBe('');
  expect(lines.map((line) => line.split(':')[0])).toEqual(['- Chosen', '- Instead of', '- Why', '- Price', '- Look again when']);
});

describe('README.md', () => {
  test('shows a berth.yaml that is right', () => {
    const [yaml = ''] = blocks(README, 'yaml');
    expect(parseConfig(yaml)).toMatchObject({ ok: true });
    expect(yaml.trimEnd().split('\n').length).toBeLessThanOrEqual(25);
  });

  test('has commands for the temporal program', () => {
    expect(commands.length).toBeGreaterThan(15);
  });

  test.each(commands.filter((command) => valueOf(command, 'type') !== undefined && !command.includes(' query ')))(
    'starts a workflow that exists: %s',
    (command) => {
      expect(read('workflows/index.ts')).toContain(`export { ${valueOf(command, 'type')} }`);
      expect(valueOf(command, 'task-queue')).toBe(QUEUE.control);
      expect(() => void JSON.parse(valueOf(command, 'input') ?? '')).not.toThrow();
    },
  );

  test.each(commands.filter((command) => command.includes('--workflow-id')))('names a workflow by the id it has: %s', (command) => {
    const ids = [workflowIds.profile('web'), workflowIds.train('web'), workflowIds.controller('web'), workflowIds.watch];
    expect(ids).toContain(valueOf(command, 'workflow-id'));
  });

  test.each(commands.filter((command) => / (?:signal|signal-with-start|update execute|execute-update-with-start) /.test(command)))(
    'sends a message that is understood: %s',
    (command) => {
      const withStart = command.includes('-with-start');
      const kind = command.includes('signal') ? 'signal' : 'update';
      const name = valueOf(command, withStart ? `${kind}-name` : 'name') ?? '';
      const message: unknown = JSON.parse(valueOf(command, withStart ? `${kind}-input` : 'input') ?? '');
      expect(read('workflows/messages.ts')).toMatch(new RegExp(`define${kind === 'signal' ? 'Signal' : 'Update'}<.*>\\('${name}'\\)`));
      const judged = ['override', 'exclude', 'include'].includes(name) ? readSiteMessage(message) : readOperatorMessage(message);
      expect(judged).toMatchObject({ ok: true });
    },
  );

  test.each(commands.filter((command) => command.startsWith('temporal schedule')))(
    'speaks of the Schedule that is there: %s',
    (command) => {
      expect(valueOf(command, 'schedule-id')).toBe(scheduleIds.look);
    },
  );
});
