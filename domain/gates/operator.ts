import { inForce } from '../assess.ts';
import { windowAt } from '../windows.ts';
import { type GateContext, type Ruling, ruling, unlessForced, yes } from './context.ts';
import { rightsAt } from './site.ts';

/** In recommend mode nothing is more than a recommendation. What an app in `approve` mode wants is the last gate's business. */
export function modeGate(c: GateContext): Ruling {
  const { mode } = c.input.policy;
  return ruling(
    'mode',
    { pass: mode !== 'recommend', effect: unlessForced(c, 'recommend') },
    { automatic: yes(mode === 'automatic'), approve: yes(mode === 'approve') },
  );
}

/** The operator's pause of the app, and the hold after a move that could not be undone, which only a resume ends. */
export function pauseGate({ input: { controller, nowMs } }: GateContext): Ruling {
  const paused = controller?.paused === true && inForce(controller.pause, nowMs);
  const held = controller?.held !== undefined;
  return ruling(
    'pause',
    { pass: !paused && !held, effect: 'hold' },
    { paused: yes(paused), held: yes(held), leftS: paused ? leftS(controller.pause, nowMs) : undefined },
  );
}

/** While an override is in force the app belongs on its site: passes when it has to be brought there, fails when it is there. */
export function overrideGate({ input, override, sites }: GateContext): Ruling {
  if (!override) return ruling('override', { pass: true, effect: 'stay' }, { forced: 0 });
  const atTarget = input.placement.site === override.site;
  const allowed = sites.some((s) => s.candidate.site === override.site);
  return ruling(
    'override',
    { pass: allowed && !atTarget, effect: atTarget ? 'stay' : 'hold' },
    {
      forced: 1,
      atTarget: yes(atTarget),
      allowed: yes(allowed),
      leftS: leftS(override, input.nowMs),
    },
  );
}

/** The fleet is paused, or it or this app is frozen: then not even an operator's override moves it. */
export function freezeGate({ input: { controller, fleet, nowMs } }: GateContext): Ruling {
  const fleetPaused = fleet?.paused === true && inForce(fleet.pause, nowMs);
  const fleetFrozen = fleet?.frozen !== undefined && inForce(fleet.frozen, nowMs);
  const appFrozen = controller?.frozen !== undefined && inForce(controller.frozen, nowMs);
  const shown = appFrozen ? controller.frozen : fleetFrozen ? fleet.frozen : fleetPaused ? fleet.pause : undefined;
  return ruling(
    'freeze',
    { pass: !fleetPaused && !fleetFrozen && !appFrozen, effect: 'hold' },
    {
      fleetPaused: yes(fleetPaused),
      leftS: shown && leftS(shown, nowMs),
      fleetFrozen: yes(fleetFrozen),
      appFrozen: yes(appFrozen),
    },
  );
}

/** Too many of the fleet's newest moves were undone. */
export function breakerGate({ input: { breaker } }: GateContext): Ruling {
  return ruling(
    'breaker',
    { pass: breaker?.open !== true, effect: 'hold' },
    breaker ? { open: yes(breaker.open), moves: breaker.moves, reverts: breaker.reverts, limit: breaker.limit } : {},
  );
}

/** The policy's time windows hold what berth wants by itself; an operator's override names its own time. */
export function windowGate(c: GateContext): Ruling {
  const { limited, open, blackout, minute } = windowAt(c.input.policy.windows, c.input.nowMs);
  return ruling(
    'window',
    { pass: open, effect: unlessForced(c, 'hold') },
    { limited: yes(limited), blackout: yes(blackout !== undefined), minute },
  );
}

/** In approve mode, and where a model has lost the right to move by itself, the move waits for somebody's yes; that comes last, so that nobody is asked for what would not be done anyway. */
export function approvalGate(c: GateContext): Ruling {
  const { mode } = c.input.policy;
  const { model, site } = rightsAt(c);
  const lost = mode === 'automatic' && (model?.right === 'approve' || site?.right === 'approve');
  const needed = mode === 'approve' || lost;
  const waiting = c.input.controller?.approval !== undefined;
  return ruling(
    'approval',
    { pass: !needed, effect: unlessForced(c, 'recommend') },
    { needed: yes(needed), waiting: yes(waiting), ...(lost && { lost: 1 }) },
  );
}

function leftS(until: { readonly untilMs?: number } | undefined, nowMs: number): number | undefined {
  return until?.untilMs === undefined ? undefined : (until.untilMs - nowMs) / 1000;
}
