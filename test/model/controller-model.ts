import fc from 'fast-check';

/** What an operator or a look may say in a random run. */
export type Word = 'pause' | 'resume' | 'freeze' | 'unfreeze' | 'clear-override' | 'approve' | 'reject';
export type Command =
  | { readonly kind: 'rest' }
  | { readonly kind: 'word'; readonly word: Word }
  | { readonly kind: 'site'; readonly word: 'override' | 'exclude' | 'include'; readonly site: string }
  | { readonly kind: 'propose'; readonly to: string; readonly verdict: 'move' | 'approve' | 'recommend' }
  /** Two operators in the same moment. */
  | { readonly kind: 'together'; readonly words: readonly [Word, Word] }
  /** A look's move and an operator's override in the same moment. */
  | { readonly kind: 'race'; readonly to: string; readonly override: string };

export const SITES = ['s0', 's1', 's2'] as const;
const WORDS = ['pause', 'resume', 'freeze', 'unfreeze', 'clear-override', 'approve', 'reject'] as const;

const site = fc.constantFrom(...SITES, 'mars');
const word = fc.constantFrom(...WORDS);
/** Shrinks to commands that do nothing, so that a sequence keeps its length and its later commands their meaning. */
export const commands = fc.array(
  fc.oneof(
    { withCrossShrink: true },
    { weight: 1, arbitrary: fc.constant<Command>({ kind: 'rest' }) },
    { weight: 8, arbitrary: word.map((w): Command => ({ kind: 'word', word: w })) },
    {
      weight: 7,
      arbitrary: fc
        .tuple(fc.constantFrom('override', 'exclude', 'include', 'include'), site)
        .map(([w, s]): Command => ({ kind: 'site', word: w as 'override', site: s })),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(site, fc.constantFrom('move', 'move', 'approve', 'recommend'))
        .map(([to, verdict]): Command => ({ kind: 'propose', to, verdict: verdict as 'move' })),
    },
    { weight: 2, arbitrary: fc.tuple(word, word).map((words): Command => ({ kind: 'together', words })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(...SITES), fc.constantFrom(...SITES))
        .map(([to, o]): Command => ({ kind: 'race', to, override: o })),
    },
  ),
  { minLength: 30, maxLength: 30 },
);

/** All that can be told of a controller whose moves all succeed. */
export interface Model {
  place: string;
  paused: boolean;
  frozen: boolean;
  override?: string;
  /** The override has been looked at since it was said. */
  tried: boolean;
  readonly excluded: Set<string>;
  /** A cool-down that lasts longer than the run. */
  cooling: boolean;
  approval?: string;
}

export const freshModel = (): Model => ({ place: 's0', paused: false, frozen: false, tried: false, excluded: new Set(), cooling: false });
export const copyOf = (m: Model): Model => ({ ...m, excluded: new Set(m.excluded) });

/** Whether a word is taken, and what it makes of the controller. */
export function say(m: Model, what: Word): boolean {
  switch (what) {
    case 'pause':
      m.paused = true;
      return true;
    case 'resume':
      m.paused = false;
      return true;
    case 'freeze':
      m.frozen = true;
      return true;
    case 'unfreeze':
      m.frozen = false;
      return true;
    case 'clear-override':
      delete m.override;
      m.tried = false;
      return true;
    case 'approve': {
      // Nothing looks at these apps, so a yes is never confirmed: it is refused, and waits no longer.
      if (m.approval !== undefined && mayMove(m, m.approval, 'approval')) delete m.approval;
      return false;
    }
    case 'reject': {
      const was = m.approval !== undefined;
      delete m.approval;
      return was;
    }
  }
}

export function saySite(m: Model, what: 'override' | 'exclude' | 'include', at: string): boolean {
  if (!SITES.some((s) => s === at)) return false;
  if (what === 'include') {
    m.excluded.delete(at);
    return true;
  }
  if (what === 'exclude') {
    if (m.override === at) return false;
    m.excluded.add(at);
    return true;
  }
  if (m.frozen || m.excluded.has(at)) return false;
  m.override = at;
  m.tried = false;
  return true;
}

/** Whether the controller would move its app there now. */
export function mayMove(m: Model, to: string, origin: 'look' | 'override' | 'approval'): boolean {
  if (m.paused || m.frozen || m.excluded.has(to) || !SITES.some((s) => s === to)) return false;
  if (m.override !== undefined && m.override !== to) return false;
  return origin === 'override' || !m.cooling;
}

/** The site an override brings the app to by itself now; undefined = none. */
export function due(m: Model): string | undefined {
  if (m.override === undefined || m.tried || m.paused || m.frozen) return undefined;
  m.tried = true;
  return m.override === m.place ? undefined : m.override;
}

/** Books a move that ended well; `cools`: a cool-down follows it. */
export function moved(m: Model, to: string, cools: boolean): void {
  m.place = to;
  m.cooling ||= cools;
  delete m.approval;
}
