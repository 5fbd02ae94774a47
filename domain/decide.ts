import { assessSites, inForce, predictorOf } from './assess.ts';
import { chooseTarget } from './choose-target.ts';
import type { DecideInput } from './decide-input.ts';
import type { Decision } from './decision.ts';
import { type GateContext, type Ruling, ruling } from './gates/context.ts';
import { blindGate, completeGate, freshGate, observeGate } from './gates/data.ts';
import { approvalGate, breakerGate, freezeGate, modeGate, overrideGate, pauseGate, windowGate } from './gates/operator.ts';
import { busyGate, feasibleGate, horizonGate, quarantineGate, rightsGate, ruleGate, trustGate } from './gates/site.ts';
import { cooldownGate, gainGate, objectiveGate, sustainedGate } from './gates/worth.ts';

/**
 * What one look concludes for one app. Every gate is judged and recorded, also behind the first that fails; unknown passes no gate that needs it.
 * A failing gate holds (would not decide), stays (decided to stay) or turns a move into a recommendation; holding and staying go before recommending.
 * An operator's override decides where the app belongs: it overrules the gates that weigh whether a move is wise, in every mode.
 * Budgets are the fleet's: `allocate` judges them afterwards. Same input, same decision, bit for bit.
 */
export function decide(input: DecideInput): Decision {
  const context = contextOf(input);
  const rulings = judge(context);
  const { current, target, gain, predictor, horizonS } = context;
  const modelVersion = predictor === 'model' || predictor === 'baseline' ? input.prediction?.modelVersion : undefined;
  return {
    id: `${input.app}-${input.lookMs}`,
    app: input.app,
    lookMs: input.lookMs,
    ...conclude(context, rulings),
    ...(input.placement.site !== undefined && { from: input.placement.site }),
    ...(target && target !== current && { to: target.candidate.site }),
    ...(gain !== undefined && { gain }),
    horizonS,
    predictor,
    ...(modelVersion !== undefined && { modelVersion }),
    policyVersion: input.policyVersion,
    candidates: context.sites.map((s) => s.candidate),
    gates: rulings.map(({ gate, pass, numbers }) => ({ gate, pass, numbers })),
  };
}

/** A move that an operator's override made. */
export function isForced(decision: Pick<Decision, 'verdict' | 'reason'>): boolean {
  return decision.verdict === 'move' && decision.reason === 'override';
}

function contextOf(input: DecideInput): GateContext {
  const { controller, nowMs, placement, policy, prediction } = input;
  const sites = assessSites(input);
  const current = sites.find((s) => s.candidate.site === placement.site);
  const override = controller?.override && inForce(controller.override, nowMs) ? controller.override : undefined;
  const target = override ? sites.find((s) => s.candidate.site === override.site && s !== current) : chooseTarget(input, sites, current);
  const [here, there] = [current?.candidate.qos, target?.candidate.qos];
  return {
    input,
    predictor: predictorOf(policy, prediction),
    horizonS: prediction ? prediction.horizonMs / 1000 : policy.horizon,
    sites,
    ...(current && { current }),
    ...(target && { target }),
    ...(override && { override }),
    ...(here && there && { gain: there.p50 - here.p50 }),
  };
}

/** The gates in the order of GATES. */
function judge(c: GateContext): readonly Ruling[] {
  const upToGain = [
    modeGate(c),
    pauseGate(c),
    overrideGate(c),
    freezeGate(c),
    breakerGate(c),
    observeGate(c),
    blindGate(c),
    freshGate(c),
    completeGate(c),
    trustGate(c),
    rightsGate(c),
    horizonGate(c),
    feasibleGate(c),
    busyGate(c),
    objectiveGate(c),
    ruleGate(c),
    gainGate(c),
  ];
  const wanted = upToGain.every((r) => r.pass || r.effect === 'recommend');
  const untilAllocated = ruling('budget', { pass: true, effect: 'hold' }, {});
  return [...upToGain, sustainedGate(c, wanted), cooldownGate(c), quarantineGate(c), untilAllocated, windowGate(c), approvalGate(c)];
}

function conclude({ override, gain, sites, current }: GateContext, rulings: readonly Ruling[]): Pick<Decision, 'verdict' | 'reason'> {
  const failed = rulings.filter((r) => !r.pass);
  const stop = failed.find((r) => r.effect === 'hold' || r.effect === 'stay');
  if (stop) {
    const verdict = stop.effect === 'hold' ? 'hold' : 'stay';
    const nothingBetter = stop.gate === 'gain' && gain !== undefined && gain <= 0;
    const nowhereElse = stop.gate === 'feasible' && current !== undefined && sites.length === 1;
    return { verdict, reason: nothingBetter || nowhereElse ? 'no-better-site' : stop.gate };
  }
  if (override) return { verdict: 'move', reason: 'override' };
  const doubt = failed.find((r) => r.effect === 'recommend');
  return doubt ? { verdict: 'recommend', reason: doubt.gate } : { verdict: 'move', reason: 'ok' };
}
