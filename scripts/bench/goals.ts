import type { LookFigures } from './look.ts';
import type { FirstDecisionFigures } from './first-decision.ts';
import type { OnboardingFigures } from './onboarding.ts';
import type { PauseFigures } from './pause.ts';
import type { RecoveryFigures } from './recovery.ts';
import type { Result } from './results.ts';

export interface Goal {
  readonly goal: string;
  /** What was measured, in words; undefined = it was not. */
  readonly measured?: string;
  readonly met?: boolean;
}

/** The goals for a machine of 2 cores, dev server and embedded Postgres on it, with what was measured for each. */
export function judgeGoals(results: readonly Result[]): Goal[] {
  const looks = ofKind(results, 'look');
  const at = (apps: number, everyS: number, models = 1) =>
    looks.find(({ shape: s }) => s.apps === apps && s.everyS === everyS && s.models === models);
  const [largest] = [...looks].sort((a, b) => b.shape.apps - a.shape.apps || a.shape.models - b.shape.models);
  const kills = ofKind(results, 'recovery')[0]?.kills;
  const pause = ofKind(results, 'pause')[0];
  const onboarding = ofKind(results, 'onboarding')[0];
  const moves = results.flatMap((r) => (r.kind === 'move' ? r.figures : []));
  const worst = (of: (l: LookFigures) => number | undefined): number | undefined => {
    const values = looks.map(of).filter((v) => v !== undefined && Number.isFinite(v)) as number[];
    return values.length === 0 ? undefined : Math.max(...values);
  };
  return [
    loop('1,000 apps x 50 sites every 5 s: look p95 under 2 s, at most 25 % of the machine', at(1000, 5), { p95: 2, share: 0.25 }),
    loop('10,000 apps x 50 sites every 30 s: look p95 under 10 s, at most 50 % of the machine', at(10_000, 30), { p95: 10, share: 0.5 }),
    compared(
      'no look missed',
      worst((l) => l.missed),
      { most: 0, unit: '' },
    ),
    compared(
      'at most 55 events per move, those of its controller included',
      worst((l) => (l.events ? l.events.move + l.events.controller : undefined)),
      { most: 55, unit: 'events' },
    ),
    compared(
      'at most 200 events per look',
      worst((l) => l.eventsPerLook),
      { most: 200, unit: 'events' },
    ),
    compared('memory of all processes at most 2 GB at the largest fleet', largest?.memoryMb['sum'], { most: 2048, unit: 'MB' }),
    compared('pause acknowledged in under 250 ms while a look runs', pause && Math.max(pause.running.max, pause.fresh.max) * 1000, {
      most: 250,
      unit: 'ms',
    }),
    compared('all workers killed: interrupted look ended in under 10 s', kills && Math.max(...kills.map((k) => k.interruptedS)), {
      most: 10,
      unit: 's',
    }),
    compared('all workers killed: next full look ended in under 30 s', kills && Math.max(...kills.map((k) => k.nextS)), {
      most: 30,
      unit: 's',
    }),
    compared(
      '10,000 apps taken on without creating controllers, first look ended in under 30 s',
      onboarding && onboarding.applyS + onboarding.firstLookS,
      { most: 30, unit: 's' },
    ),
    compared('no request lost by a move', moves.length === 0 ? undefined : moves.reduce((sum, m) => sum + m.requests.failed, 0), {
      most: 0,
      unit: '',
    }),
  ];
}

/** What each kind of measurement found, of those that find one thing. */
interface FiguresOf {
  readonly look: LookFigures;
  readonly recovery: RecoveryFigures;
  readonly pause: PauseFigures;
  readonly onboarding: OnboardingFigures;
  readonly first: FirstDecisionFigures;
}

export function ofKind<K extends keyof FiguresOf>(results: readonly Result[], kind: K): FiguresOf[K][] {
  return results.flatMap((r) => (r.kind === kind ? [r.figures as FiguresOf[K]] : []));
}

function loop(goal: string, figures: LookFigures | undefined, limit: { p95: number; share: number }): Goal {
  if (!figures) return { goal };
  const { wallS, share, movesPerLook } = figures;
  return {
    goal,
    met: wallS.p95 <= limit.p95 && share <= limit.share,
    measured: `p95 ${wallS.p95.toFixed(2)} s, ${(100 * share).toFixed(0)} % with ${movesPerLook.toFixed(0)} moves per look`,
  };
}

function compared(goal: string, value: number | undefined, { most, unit }: { most: number; unit: string }): Goal {
  if (value === undefined || !Number.isFinite(value)) return { goal };
  const digits = Number.isInteger(value) || value >= 100 ? 0 : 1;
  return { goal, met: value <= most, measured: `${value.toFixed(digits)}${unit === '' ? '' : ` ${unit}`}` };
}
