import { lateS, quarantineLeftS } from '../assess.ts';
import { TRUST_CODE } from '../decision-codes.ts';
import { RIGHT_CODE, type Rights } from '../rights.ts';
import { type GateContext, type Ruling, ruling, unlessForced, yes } from './context.ts';

/** A gain is the difference of two predictions, so both ends must be trusted; provisional ones may recommend. */
export function trustGate(c: GateContext): Ruling {
  const from = c.current && TRUST_CODE[c.current.candidate.trust];
  const to = c.target && TRUST_CODE[c.target.candidate.trust];
  const alone = c.current !== undefined && c.sites.length === 1;
  const least = Math.min(from ?? NaN, alone ? TRUST_CODE.trusted : (to ?? NaN));
  const effect = least === TRUST_CODE.provisional ? 'recommend' : 'hold';
  const decayed = [c.current?.decayedS, c.target?.decayedS].filter((s) => s !== undefined);
  const age = decayed.length === 0 ? {} : { ageS: Math.max(...decayed), maxAgeS: c.input.policy.trust.maxAge };
  return ruling('trust', { pass: least === TRUST_CODE.trusted, effect: unlessForced(c, effect) }, { from, to, ...age });
}

/** What the model's moves, of all and to this site, have left of its rights. The plain rule has none to lose: nobody trains it. */
export function rightsGate(c: GateContext): Ruling {
  const { model, site } = rightsAt(c);
  const code = (rights: Rights | undefined) => rights && RIGHT_CODE[rights.right];
  return ruling(
    'rights',
    { pass: model?.right !== 'recommend' && site?.right !== 'recommend', effect: unlessForced(c, 'recommend') },
    {
      model: code(model),
      modelMoves: model?.moves,
      modelGain: model?.gain,
      site: code(site),
      siteMoves: site?.moves,
      siteGain: site?.gain,
      floor: model && c.input.policy.rights.floor,
    },
  );
}

/** Rights of the model that predicts, and of it at the target. */
export function rightsAt({ input: { rights }, predictor, target }: GateContext): { model?: Rights; site?: Rights } {
  if (!rights || predictor === 'rule' || predictor === 'none') return {};
  const site = target && rights.sites.get(target.candidate.site);
  return { model: rights.model, ...(site && { site }) };
}

/** A forecast must reach to where the app would serve: it is of no use for a move that takes longer. Where no time was measured, none is asked for. */
export function horizonGate(c: GateContext): Ruling {
  const moveS = c.target && c.input.moveS?.get(c.target.candidate.site);
  const late = lateS(c.input);
  const pass = moveS === undefined || c.predictor === 'rule' || c.horizonS - late >= moveS;
  return ruling('horizon', { pass, effect: unlessForced(c, 'recommend') }, { horizonS: c.horizonS, lateS: late, moveS });
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
