import { html, type Markup } from './html.ts';

const NAMES = {
  held: 'held',
  reactive: 'reactive',
  berth: 'berth',
  bound: 'bound',
  profiling: 'profiling and training',
  warm: 'neighbours warming up',
  hot: 'neighbours hot',
  predicted: 'predicted score (p50)',
  present: 'berth was here',
  interval: 'predicted p10 to p90',
  actual: 'observed score',
} as const;
export type Sign = keyof typeof NAMES;

export function legend(signs: readonly Sign[]): Markup {
  return html`<ul class="legend">
    ${signs.map((sign) => html`<li><svg viewBox="0 0 30 14" aria-hidden="true">${drawn(sign)}</svg>${NAMES[sign]}</li>`)}
  </ul>`;
}

function drawn(sign: Sign): Markup {
  switch (sign) {
    case 'held':
    case 'reactive':
    case 'berth':
    case 'predicted':
      return html`<path class="line ink-${sign}" d="M2 7H28" />`;
    case 'bound':
      return html`<path class="bound" d="M0 7H30" />`;
    case 'present':
      return html`<rect class="fill-berth" y="3" width="30" height="8" />`;
    case 'actual':
      return html`<path class="dots" d="M15 7h0" />`;
    case 'profiling':
    case 'warm':
    case 'hot':
    case 'interval':
      return html`<rect class="${sign}" width="30" height="14" />`;
  }
}
