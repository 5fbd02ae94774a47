import type { Config } from '../config.ts';
import type { Decision } from '../decision.ts';

/** Where each of these would have the app after a look. */
export const CHOICES = ['staying', 'recorded', 'replayed', 'best'] as const;
export type Choice = (typeof CHOICES)[number];

export interface ExpectedFigures {
  /** Mean score that was predicted; null = of no decision. */
  readonly meanQos: number | null;
  /** Decisions that leave the app where it was predicted to miss its SLO. */
  readonly belowSlo: number;
  /** Moves, each look for itself. */
  readonly moves: number;
  /** Mean cost of an hour there; null = not every site has a price. */
  readonly costPerHour: number | null;
}

export interface Expected {
  /** Decisions in which the score of every choice was predicted; the figures are of these alone. */
  readonly decisions: number;
  readonly of: Readonly<Record<Choice, ExpectedFigures>>;
}

/**
 * What was predicted of the sites that recorded and replayed decisions leave their apps on, beside staying everywhere and the best prediction
 * everywhere. Each look begins where the apps were recorded to be: what earlier decisions would have changed is not known.
 */
export function expectation() {
  const sums = CHOICES.map(() => ({ qos: 0, cost: 0, belowSlo: 0, moves: 0 }));
  let decisions = 0;
  return {
    add(was: Decision, is: Decision, config: Config): void {
      const score = new Map(was.candidates.flatMap((c) => (c.qos ? [[c.site, c.qos.p50] as const] : [])));
      const best = [...score].reduce<readonly [string, number] | undefined>((a, b) => (a && a[1] >= b[1] ? a : b), undefined);
      const sites = [was.from, after(was), after(is), best?.[0]];
      const scores = sites.map((site) => score.get(site ?? '') ?? NaN);
      if (scores.some(Number.isNaN)) return;
      decisions++;
      const slo = config.objectives[config.apps[was.app]?.objective ?? '']?.slo ?? 0;
      sums.forEach((sum, i) => {
        const [site, qos] = [sites[i] ?? '', scores[i] ?? NaN];
        sum.qos += qos;
        sum.cost += config.sites[site]?.costPerHour ?? NaN;
        if (qos < slo) sum.belowSlo++;
        if (site !== was.from) sum.moves++;
      });
    },
    result(): Expected {
      const mean = (sum: number) => (decisions === 0 || Number.isNaN(sum) ? null : sum / decisions);
      const figures = sums.map(({ qos, cost, belowSlo, moves }) => ({ meanQos: mean(qos), belowSlo, moves, costPerHour: mean(cost) }));
      return { decisions, of: Object.fromEntries(CHOICES.map((choice, i) => [choice, figures[i]])) as Record<Choice, ExpectedFigures> };
    },
  };
}

const after = ({ verdict, from, to }: Decision): string | undefined => (verdict === 'move' ? to : from);
