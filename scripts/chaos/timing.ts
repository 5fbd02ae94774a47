import type { Claim } from '../../domain/records.ts';
import type { Row } from './row.ts';

/** Where the seconds of moves without faults go; "waiting" is for the rollout and the soak that was asked for. */
export function timingRows(moves: readonly Claim[]): readonly Row[] {
  const done = moves.filter(({ end }) => end === 'done').map(phasesOf);
  const middle = (of: (phases: Phases) => number) => median(done.map(of)).toFixed(2);
  return [
    {
      fault: 'none: seconds of a move by phase, median',
      how: `${done.length} moves at once`,
      result: [
        `claim and re-check ${middle((p) => p.decide)}`,
        `snapshot ${middle((p) => p.snapshot)}`,
        `dry run ${middle((p) => p.dryRun)}`,
        `change ${middle((p) => p.apply)}`,
        `rollout and soak ${middle((p) => p.wait)}`,
        `record ${middle((p) => p.close)}`,
      ].join(', '),
      ok: done.length === moves.length && done.length > 0,
    },
  ];
}

interface Phases {
  readonly decide: number;
  readonly snapshot: number;
  readonly dryRun: number;
  readonly apply: number;
  readonly wait: number;
  readonly close: number;
}

/** Seconds between the times that the record of a move has. */
function phasesOf({ openedMs, endedMs, phases }: Claim): Phases {
  const at = (phase: string) => phases.find((p) => p.phase === phase)?.atMs ?? NaN;
  const s = (from: number, to: number) => (to - from) / 1000;
  return {
    decide: s(openedMs, at('snapshot')),
    snapshot: s(at('snapshot'), at('dry-run')),
    dryRun: s(at('dry-run'), at('apply')),
    apply: s(at('apply'), at('ready')),
    wait: s(at('ready'), at('verify')),
    close: s(at('verify'), endedMs ?? NaN),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
