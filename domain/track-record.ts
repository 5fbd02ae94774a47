import { median, type MoveRecord, realisedGain, scoreWithout } from './move-record.ts';

/** How the moves of one app, site or model turned out. */
export interface Track {
  readonly moves: number;
  /** Done, and better than it would have been. */
  readonly helped: number;
  readonly undone: number;
  /** Done or undone, but what it gained could not be told. */
  readonly untold: number;
  /** Medians over the moves whose gain is known: score points, share of the score without the move, and score points that were predicted. */
  readonly realised?: number;
  readonly share?: number;
  readonly predicted?: number;
}
export interface TrackRecord {
  readonly all: Track;
  readonly apps: Readonly<Record<string, Track>>;
  /** By the site that the moves led to. */
  readonly sites: Readonly<Record<string, Track>>;
  /** `<key>@<version>`, or who else wanted them. */
  readonly models: Readonly<Record<string, Track>>;
}

export function trackRecord(moves: readonly MoveRecord[]): TrackRecord {
  return {
    all: track(moves),
    apps: grouped(moves, (m) => m.app),
    sites: grouped(moves, (m) => m.to),
    models: grouped(moves, wantedBy),
  };
}

/** "of 40 moves 34 helped, median +0.11 points (+23 %); 2 were undone; of 1 the gain is not known" */
export function trackSentence({ moves, helped, undone, untold, realised, share }: Track): string {
  if (moves === 0) return 'no move has ended yet';
  const percent = share === undefined ? '' : ` (${signed(share * 100, 0)} %)`;
  return [
    `of ${moves} move${moves === 1 ? '' : 's'} ${helped} helped${realised === undefined ? '' : `, median ${signed(realised, 2)} points${percent}`}`,
    ...(undone > 0 ? [`${undone} ${undone === 1 ? 'was' : 'were'} undone`] : []),
    ...(untold > 0 ? [`of ${untold} the gain is not known`] : []),
  ].join('; ');
}

export function signed(value: number, places: number): string {
  const text = value.toFixed(places);
  // -0.00 is nothing lost.
  return Number(text) === 0 ? `+${text.replace('-', '')}` : value > 0 ? `+${text}` : text;
}

function track(moves: readonly MoveRecord[]): Track {
  const known = moves.flatMap((m) => {
    const gain = realisedGain(m);
    return gain === undefined ? [] : [{ ...m, gain }];
  });
  const realised = median(known.map((m) => m.gain));
  const share = median(known.flatMap((m) => shareOf(m)));
  const predicted = median(known.flatMap((m) => (m.predictedGain === undefined ? [] : [m.predictedGain])));
  return {
    moves: moves.length,
    helped: known.filter((m) => m.end === 'done' && m.gain > 0).length,
    undone: moves.filter((m) => m.end !== 'done').length,
    untold: moves.length - known.length,
    ...(realised !== undefined && { realised }),
    ...(share !== undefined && { share }),
    ...(predicted !== undefined && { predicted }),
  };
}

function shareOf(m: MoveRecord & { gain: number }): number[] {
  const without = scoreWithout(m);
  return without !== undefined && without > 0 ? [m.gain / without] : [];
}

/** Code unit order, so that a report does not depend on the machine. */
function grouped(moves: readonly MoveRecord[], key: (move: MoveRecord) => string): Record<string, Track> {
  const groups = new Map<string, MoveRecord[]>();
  for (const move of moves) groups.set(key(move), [...(groups.get(key(move)) ?? []), move]);
  return Object.fromEntries([...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, own]) => [name, track(own)]));
}

function wantedBy({ model, origin }: MoveRecord): string {
  return model ? `${model.key}@${model.version}` : origin === 'look' || origin === 'approval' ? 'rule' : origin;
}
