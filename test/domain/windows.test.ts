import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { checkConfig } from '../../domain/check-config.ts';
import { policySchema } from '../../domain/config.ts';
import { nextOpeningMs, windowAt } from '../../domain/windows.ts';

const windows = (raw: object) => policySchema.parse({ windows: raw }).windows;
const at = (iso: string) => Date.parse(iso);
const isOpen = (raw: object, iso: string) => windowAt(windows(raw), at(iso)).open;
const opens = (raw: object, iso: string) => {
  const ms = nextOpeningMs(windows(raw), at(iso));
  return ms === undefined ? undefined : new Date(ms).toISOString();
};

const NIGHT = { zone: 'Europe/Madrid', open: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '22:00', to: '06:00' }] };

describe('a window', () => {
  test('of none is always open', () => {
    expect(windowAt(windows({}), 0)).toEqual({ limited: false, open: true, minute: NaN });
  });

  // Madrid is one hour ahead of UTC in November. 27 November 2026 is a Friday.
  test.each([
    ['2026-11-27T20:59:59Z', false],
    ['2026-11-27T21:00:00Z', true],
    ['2026-11-28T04:59:59Z', true], // Saturday morning belongs to Friday's night
    ['2026-11-28T05:00:00Z', false],
    ['2026-11-28T21:30:00Z', false], // Saturday's night is none of the five
    ['2026-11-29T23:30:00Z', false], // still Sunday's night
    ['2026-11-30T21:30:00Z', true],
  ])('past midnight belongs to the day on which it begins: %s', (iso, open) => {
    expect(isOpen(NIGHT, iso)).toBe(open);
  });

  test('is told in the wall clock of its zone, and the next opening to the minute', () => {
    expect(windowAt(windows(NIGHT), at('2026-11-27T20:15:00Z')).minute).toBe(21 * 60 + 15);
    expect(opens(NIGHT, '2026-11-27T20:15:30Z')).toBe('2026-11-27T21:00:00.000Z');
    expect(opens(NIGHT, '2026-11-28T05:00:00Z')).toBe('2026-11-30T21:00:00.000Z');
    expect(opens({ open: [{ from: '10:07', to: '10:08' }] }, '2026-11-28T10:08:00Z')).toBe('2026-11-29T10:07:00.000Z');
  });

  test('works in zones with odd offsets', () => {
    const kathmandu = { zone: 'Asia/Kathmandu', open: [{ from: '08:00', to: '09:00' }] }; // +05:45
    expect(isOpen(kathmandu, '2026-11-27T02:14:59Z')).toBe(false);
    expect(isOpen(kathmandu, '2026-11-27T02:15:00Z')).toBe(true);
    expect(opens(kathmandu, '2026-11-27T03:15:00Z')).toBe('2026-11-28T02:15:00.000Z');
  });
});

describe('in spring, when Madrid goes from 02:00 to 03:00 at 01:00 UTC on 29 March 2026,', () => {
  test('a window inside the hour that is skipped does not open that day', () => {
    const gap = { zone: 'Europe/Madrid', open: [{ from: '02:15', to: '02:45' }] };
    expect(opens(gap, '2026-03-28T02:00:00Z')).toBe('2026-03-30T00:15:00.000Z');
  });

  test('a window that begins in it opens when the clock goes on', () => {
    const across = { zone: 'Europe/Madrid', open: [{ from: '02:30', to: '03:10' }] };
    expect(opens(across, '2026-03-28T23:00:00Z')).toBe('2026-03-29T01:00:00.000Z');
    expect(isOpen(across, '2026-03-29T00:59:59Z')).toBe(false);
    expect(isOpen(across, '2026-03-29T01:09:59Z')).toBe(true);
    expect(isOpen(across, '2026-03-29T01:10:00Z')).toBe(false);
  });
});

describe('in autumn, when New York goes from 02:00 back to 01:00 at 06:00 UTC on 1 November 2026,', () => {
  const half = { zone: 'America/New_York', open: [{ from: '01:30', to: '02:00' }] };

  test('what the clock shows twice is open twice', () => {
    expect(isOpen(half, '2026-11-01T05:45:00Z')).toBe(true);
    expect(isOpen(half, '2026-11-01T06:15:00Z')).toBe(false);
    expect(isOpen(half, '2026-11-01T06:45:00Z')).toBe(true);
    expect(isOpen(half, '2026-11-01T07:00:00Z')).toBe(false);
  });

  test('the next opening after the first is the second', () => {
    expect(opens(half, '2026-11-01T06:00:00Z')).toBe('2026-11-01T06:30:00.000Z');
  });
});

describe('a blackout', () => {
  const christmas = { name: 'christmas', from: '2026-12-24', to: '2026-12-26' };

  test('is whole days of the zone, both ends included, and has a name', () => {
    const always = { zone: 'Pacific/Auckland', blackout: [christmas] }; // +13:00
    expect(isOpen(always, '2026-12-23T10:59:59Z')).toBe(true);
    expect(windowAt(windows(always), at('2026-12-23T11:00:00Z'))).toMatchObject({ open: false, blackout: 'christmas' });
    expect(isOpen(always, '2026-12-26T10:59:59Z')).toBe(false);
    expect(opens(always, '2026-12-24T00:00:00Z')).toBe('2026-12-26T11:00:00.000Z');
  });

  test('cuts a night at midnight', () => {
    const cut = { ...NIGHT, blackout: [{ name: 'launch', from: '2026-11-27' }] };
    expect(isOpen(cut, '2026-11-26T22:59:59Z')).toBe(true);
    expect(isOpen(cut, '2026-11-26T23:00:00Z')).toBe(false);
    expect(opens(cut, '2026-11-26T23:00:00Z')).toBe('2026-11-27T23:00:00.000Z'); // the rest of Friday's night is Saturday
  });

  test('of a year has no opening that anybody waits for', () => {
    expect(opens({ blackout: [{ name: 'ever', from: '2026-01-01', to: '2027-12-31' }] }, '2026-03-01T00:00:00Z')).toBeUndefined();
  });
});

test('the next opening is open, and the minute before it is not, in any zone at any time', () => {
  const clock = fc
    .integer({ min: 0, max: 1439 })
    .map((m) => `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`);
  const zone = fc.constantFrom('UTC', 'Europe/Madrid', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'America/St_Johns');
  const from = fc.oneof(
    fc.integer({ min: at('2026-03-27T00:00:00Z'), max: at('2026-04-06T00:00:00Z') }),
    fc.integer({ min: at('2026-10-24T00:00:00Z'), max: at('2026-11-02T00:00:00Z') }),
  );
  fc.assert(
    fc.property(zone, clock, clock, from, (where, a, b, ms) => {
      fc.pre(a !== b);
      const w = windows({ zone: where, open: [{ from: a, to: b }] });
      const opening = nextOpeningMs(w, ms) ?? NaN;
      expect(windowAt(w, opening).open).toBe(true);
      for (let t = opening - 60_000; t >= ms; t -= 60_000)
        if (windowAt(w, t).open) throw new Error(`${new Date(t).toISOString()} was open`);
    }),
    { numRuns: 60 },
  );
});

test('windows that cannot be are named, all at once', () => {
  const raw = {
    policies: {
      p: {
        windows: {
          zone: 'Europe/Madird',
          open: [{ from: '22:00', to: '22:00' }],
          blackout: [{ name: 'x', from: '2026-12-24', to: '2026-12-23' }],
        },
      },
    },
  };
  const said = checkConfig(raw)
    .filter(({ path }) => path.includes('windows'))
    .map(({ path, message }) => `${path.join('.')}: ${message}`);
  expect(said).toEqual([
    'policies.p.windows.zone: Europe/Madird is not a time zone, such as UTC or Europe/Madrid, that this machine knows',
    'policies.p.windows.open.0.to: a window from 22:00 to 22:00 has no length; a whole day is 00:00 to 24:00',
    'policies.p.windows.blackout.0.to: 2026-12-23 is before 2026-12-24',
  ]);
});
