import { counted } from './figures.ts';
import { html, type Markup } from './html.ts';
import { drawnSpan, type DrawnStory } from './placed.ts';
import { clip, type Scale } from './svg-scale.ts';

export interface BandPlace {
  readonly x: Scale;
  readonly top: number;
  readonly bottom: number;
}

/** What the neighbours of a site really did, as bands. The model never saw it. */
export function neighbourBands(story: DrawnStory, site: string, place: BandPlace): Markup[] {
  return (['warm', 'hot'] as const).flatMap((phase) => {
    const spans = story.neighbours.filter((span) => span.site === site && span.phase === phase);
    const cuts = spans.flatMap((span) => clip({ from: span.fromMs, to: span.toMs }, drawnSpan(story)) ?? []);
    if (cuts.length === 0) return [];
    const most = spans.reduce((n, span) => Math.max(n, span.burners), 0);
    const told = `${site}: ${phase} neighbours ${counted(cuts.length, 'time')}, at most ${counted(most, 'process', 'processes')} at once`;
    return [html`<path class="${phase}" d="${cuts.map((cut) => area(cut.from, cut.to, place))}"><title>${told}</title></path>`];
  });
}

function area(from: number, to: number, { x, top, bottom }: BandPlace): Markup {
  return html`M${x(from)} ${top}H${x(to)}V${bottom}H${x(from)}Z`;
}
