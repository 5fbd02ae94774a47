import type { DemoStory } from './result.ts';
import { clip, type Span } from './svg-scale.ts';

/** A story whose rows before `drawnFromMs` are left out, so that a long run can still be seen. */
export type DrawnStory = DemoStory & { readonly drawnFromMs: number };

export function drawnSpan(story: DrawnStory): Span {
  return { from: story.drawnFromMs, to: story.toMs };
}

export interface Stay {
  readonly site: string;
  readonly fromMs: number;
  readonly toMs: number;
}
export type Switch = DemoStory['switches'][number];

/** The switches of an app that are drawn, oldest first. */
export function switchesOf(story: DrawnStory, app: string): Switch[] {
  return story.switches.filter((one) => one.app === app && one.atMs >= story.drawnFromMs);
}

/** Where an app was, from its switches, else from where it was said to start or was observed; empty = unknown. */
export function staysOf(story: DrawnStory, app: string): Stay[] {
  const switches = story.switches.filter((one) => one.app === app);
  const first = switches[0]?.from ?? story.startedOn?.[app] ?? story.outcomes.find((one) => one.app === app)?.site;
  if (first === undefined) return [];
  const sites = [first, ...switches.map((one) => one.to)];
  const times = [story.fromMs, ...switches.map((one) => one.atMs), story.toMs];
  return sites.flatMap((site, i) => {
    const cut = clip({ from: times[i] ?? story.fromMs, to: times[i + 1] ?? story.toMs }, drawnSpan(story));
    return cut ? [{ site, fromMs: cut.from, toMs: cut.to }] : [];
  });
}
