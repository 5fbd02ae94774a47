import { inForce } from '../assess.ts';
import { type GateContext, type Ruling, ruling, unlessForced, yes } from './context.ts';

/** Only an automatic app moves by itself. `approve` recommends, too, until someone approves. */
export function modeGate(c: GateContext): Ruling {
  const { mode } = c.input.policy;
  return ruling(
    'mode',
    { pass: mode === 'automatic', effect: unlessForced(c, 'recommend') },
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

/** The fleet is paused as a whole. */
export function freezeGate({ input: { fleet, nowMs } }: GateContext): Ruling {
  const fleetPaused = fleet?.paused === true && inForce(fleet.pause, nowMs);
  return ruling(
    'freeze',
    { pass: !fleetPaused, effect: 'hold' },
    { fleetPaused: yes(fleetPaused), leftS: fleetPaused ? leftS(fleet.pause, nowMs) : undefined },
  );
}

function leftS(until: { readonly untilMs?: number } | undefined, nowMs: number): number | undefined {
  return until?.untilMs === undefined ? undefined : (until.untilMs - nowMs) / 1000;
}
