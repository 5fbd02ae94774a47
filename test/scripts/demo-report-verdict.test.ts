import { describe, expect, test } from 'vitest';
import { renderReport as renderPage } from '../../scripts/demo/report-html.ts';
import type { DemoResult, PolicyName } from '../../scripts/demo/result.ts';
import { makeResult, makeStory } from './demo-report-story.ts';

/** Layout of the markup is nobody's promise: no space beside tags. */
const renderReport: typeof renderPage = (...given) =>
  renderPage(...given)
    .replace(/\s*([<>])\s*/g, '$1')
    .replace(/\s+/g, ' ');

const story = makeStory();
const result = makeResult(story);

function withShares(shares: Readonly<Record<PolicyName, number | null>>): DemoResult {
  const { held, reactive, berth } = result.policies;
  return {
    ...result,
    policies: {
      held: { ...held, shareOverBound: shares.held },
      reactive: { ...reactive, shareOverBound: shares.reactive },
      berth: { ...berth, shareOverBound: shares.berth },
    },
  };
}

const verdictOf = (page: string): string => /<p class="verdict">(.*?)<\/p>/.exec(page)?.[1] ?? '';
const warningsOf = (page: string): string => /<ul class="warnings">(.*?)<\/ul>/.exec(page)?.[1] ?? '';
describe('the verdict', () => {
  const verdict = (held: number | null, reactive: number | null, berth: number | null) =>
    verdictOf(renderReport(withShares({ held, reactive, berth }), story));

  test('claims a win where berth had the smallest share', () => {
    expect(verdict(0.2436, 0.1587, 0.0412)).toBe(
      'berth served best: 4.1 % of its requests were over 30 ms, against 15.9 % reacting after the fact and 24.4 % staying put.',
    );
  });

  test('names the app that was better than berth', () => {
    expect(verdict(0.24, 0.05, 0.16)).toMatch(/^berth was no better than reacting after the fact: 16.0 %/);
    expect(verdict(0.04, 0.05, 0.16)).toMatch(/^berth was no better than reacting after the fact and staying put: /);
  });

  test('calls a difference that chance explains too close', () => {
    expect(verdict(0.24, 0.16, 0.1599)).toMatch(/^berth was no better than reacting after the fact \(too close to call\)/);
    // 1,620 requests each: two standard errors of the difference are 2.6 points.
    expect(verdict(0.24, 0.16, 0.141)).toMatch(/too close to call/);
    expect(verdict(0.24, 0.16, 0.12)).toMatch(/^berth served best/);
  });

  test('claims nothing over an app whose share is unknown', () => {
    expect(verdict(0.24, null, 0.04)).toMatch(/^berth did better than staying put: .*; reacting after the fact is unknown\.$/);
    expect(verdict(null, null, 0.04)).toMatch(/^berth cannot be compared/);
    expect(verdict(0.24, 0.16, null)).toMatch(/^Nothing can be said of berth/);
    expect(verdict(0.24, 0.16, NaN)).toMatch(/^Nothing can be said of berth/);
  });

  test('warns of everything that weakens it', () => {
    const [first, second, ...others] = result.moves;
    if (!first || !second) throw new Error('the story has no moves');
    const weak: DemoResult = {
      ...result,
      sites: 'simulated',
      sitesReason: 'only one free core',
      requests: { sent: 8123, failed: 3, timedOut: 12, shed: 1 },
      model: { ...result.model, servedBy: 'baseline', skill: -0.04 },
      moves: [
        { ...first, end: 'reverted' },
        { ...second, end: 'revert-failed' },
        ...others.map((m, i) => (i === 0 ? { ...m, end: 'open' } : m)),
      ],
      replayed: 0,
    };
    const page = renderReport(weak, story);
    const warnings = warningsOf(page);
    const told = [
      '3 requests lost',
      '1 move reverted',
      'neither be finished nor undone',
      '1 move had not ended',
      'simulated (only one free core)',
      '“window-mean” served',
      'No history was replayed',
    ];
    for (const text of told) expect(warnings).toContain(text);
    expect(page).toContain(
      'Of 8,123 requests, 3 requests were lost (502, reset or refused); 12 requests timed out and 1 request was shed by overload.',
    );
    expect(page).toContain('4.0 % more error than the baseline');
  });

  test('warns of nothing when all went well', () => {
    const page = renderReport(result, story);
    expect(page).not.toContain('<ul class="warnings">');
    expect(page).toContain('None of 8,123 requests was lost by a switch.');
  });
});
