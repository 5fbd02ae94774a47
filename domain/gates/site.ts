import { quarantineLeftS } from '../assess.ts';
import { TRUST_CODE } from '../decision-codes.ts';
import { type GateContext, type Ruling, ruling, unlessForced, yes } from './context.ts';

/** A gain is the difference of two predictions, so both ends must be trusted; provisional ones may recommend. */
export function trustGate(c: GateContext): Ruling {
  const from = c.current && TRUST_CODE[c.current.candidate.trust];
  const to = c.target && TRUST_CODE[c.target.candidate.trust];
  const alone = c.current !== undefined && c.sites.length === 1;
  const least = Math.min(from ?? NaN, alone ? TRUST_CODE.trusted : (to ?? NaN));
  const effect = least === TRUST_CODE.provisional ? 'recommend' : 'hold';
  return ruling('trust', { pass: least === TRUST_CODE.trusted, effect: unlessForced(c, effect) }, { from, to });
}

/** The target takes the app: not cordoned, not full, not excluded, not refused by its cluster. */
export function feasibleGate({ current, target, sites, override }: GateContext): Ruling {
  const others = sites.filter((s) => s !== current);
  return ruling(
    'feasible',
    { pass: target !== undefined && target.candidate.refusal === undefined, effect: override ? 'hold' : 'stay' },
    {
      feasible: others.filter((s) => s.candidate.refusal === undefined).length,
      others: others.length,
    },
  );
}

/** Somebody else is changing the workload, or a move of ours is under way. */
export function busyGate({ input: { placement, controller } }: GateContext): Ruling {
  const busy = placement.busy !== undefined;
  const moving = controller?.moving !== undefined;
  return ruling('busy', { pass: !busy && !moving, effect: 'hold' }, { busy: yes(busy), moving: yes(moving) });
}

/**
 * The plain rule scores a saturated site 0, and no prediction overrules that. Where the rule cannot tell, nothing moves by itself.
 */
export function ruleGate(c: GateContext): Ruling {
  const to = c.target?.candidate.rule;
  const effect = c.target && to === undefined ? 'recommend' : 'stay';
  return ruling('rule', { pass: to !== undefined && to > 0, effect: unlessForced(c, effect) }, { from: c.current?.candidate.rule, to });
}

/** A move of this app to this site went wrong a short time ago. */
export function quarantineGate(c: GateContext): Ruling {
  const leftS = c.target ? quarantineLeftS(c.input, c.target.candidate.site) : NaN;
  return ruling('quarantine', { pass: leftS === 0, effect: unlessForced(c, 'stay') }, { leftS });
}
