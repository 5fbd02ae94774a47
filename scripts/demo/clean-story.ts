import { isKnown } from './figures.ts';
import type { DrawnStory } from './placed.ts';
import type { DemoStory } from './result.ts';

const byTime = (a: { readonly atMs: number }, b: { readonly atMs: number }) => a.atMs - b.atMs;

/**
 * What can be drawn: in order of time, without rows whose time or figures could not be told. A story without a span gets one of a
 * second, so that an empty demo still has an axis.
 */
export function cleanStory(story: DemoStory): DemoStory {
  const fromMs = isKnown(story.fromMs) ? story.fromMs : 0;
  const toMs = isKnown(story.toMs) && story.toMs > fromMs ? story.toMs : fromMs + 1000;
  const compared = isKnown(story.comparedFromMs) ? story.comparedFromMs : fromMs;
  const within = ({ atMs }: { readonly atMs: number }) => atMs >= fromMs && atMs <= toMs;
  const rows = (app: keyof DemoStory['latency']) => story.latency[app].filter(within).sort(byTime);
  return {
    ...story,
    fromMs,
    toMs,
    comparedFromMs: Math.min(Math.max(compared, fromMs), toMs),
    latency: { held: rows('held'), reactive: rows('reactive'), berth: rows('berth') },
    switches: story.switches.filter(within).sort(byTime),
    neighbours: story.neighbours.filter((span) => isKnown(span.fromMs) && isKnown(span.toMs)),
    outcomes: story.outcomes.filter((o) => within(o) && [o.p10, o.p50, o.p90, o.actual].every(isKnown)).sort(byTime),
    predicted: story.predicted.filter((p) => within(p) && isKnown(p.p50)).sort(byTime),
  };
}

/** More than this and a neighbour's ten seconds are a hairline. */
const MOST_DRAWN_MS = 6 * 60_000;

/** The last minutes of a cleaned story, for the plots. */
export function drawnStory(story: DemoStory): DrawnStory {
  const drawnFromMs = Math.max(story.fromMs, story.toMs - MOST_DRAWN_MS);
  const drawn = ({ atMs }: { readonly atMs: number }) => atMs >= drawnFromMs;
  const { held, reactive, berth } = story.latency;
  return {
    ...story,
    drawnFromMs,
    latency: { held: held.filter(drawn), reactive: reactive.filter(drawn), berth: berth.filter(drawn) },
    outcomes: story.outcomes.filter(drawn),
    predicted: story.predicted.filter(drawn),
  };
}
