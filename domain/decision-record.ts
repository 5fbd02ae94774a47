import type { Candidate, Decision, Gate, GateResult } from './decision.ts';
import { BARRIER_CODE, GATE_NUMBERS, PREDICTOR_CODE, REASON_CODE, TRUST_CODE, VERDICT_CODE, ofCode } from './decision-codes.ts';

/** A decision as columns of a row; -1 and NaN stand for absent. Codes: domain/decision-codes.ts. */
export interface PackedDecision {
  readonly verdict: number;
  readonly reason: number;
  readonly fromSite: number;
  readonly toSite: number;
  readonly gain: number;
  readonly horizonS: number;
  readonly predictor: number;
  readonly modelVersion: number;
  readonly policyVersion: number;
  /** It passed every gate up to and including `gain`: what `PastDecision.wanted` needs. */
  readonly wanted: boolean;
  /** Candidates and gates; the first byte is the version of the layout. */
  readonly packed: Uint8Array;
}

/** What a row knows beside the packed columns. */
export type DecisionRow = Omit<PackedDecision, 'wanted'> & { readonly app: string; readonly lookMs: number };

const LAYOUT = 1;
/** Longest refusal that is kept, in UTF-16 units. */
const REFUSAL_MAX = 200;

const WANTED: ReadonlySet<Decision['reason']> = new Set(['sustained', 'cooldown', 'quarantine', 'budget', 'window']);

/** Whether a decision passed every gate up to and including `gain`: then it counts for `sustained`. */
export function isWanted(decision: Pick<Decision, 'verdict' | 'reason'>): boolean {
  return decision.verdict === 'move' || decision.verdict === 'recommend' || WANTED.has(decision.reason);
}

/** Compact form of a decision: about 1.2 kB for 50 sites. Numbers keep float32 precision; a refusal keeps its first 200 characters. */
export function packDecision(decision: Decision, siteId: (name: string) => number): PackedDecision {
  return {
    verdict: VERDICT_CODE[decision.verdict],
    reason: REASON_CODE[decision.reason],
    fromSite: decision.from === undefined ? -1 : siteId(decision.from),
    toSite: decision.to === undefined ? -1 : siteId(decision.to),
    gain: Math.fround(decision.gain ?? NaN),
    horizonS: Math.fround(decision.horizonS),
    predictor: PREDICTOR_CODE[decision.predictor],
    modelVersion: decision.modelVersion ?? -1,
    policyVersion: decision.policyVersion,
    wanted: isWanted(decision),
    packed: packBody(decision, siteId),
  };
}

/** Inverse of `packDecision`. Throws RangeError when the layout or a code is newer than this build, or bytes are missing. */
export function unpackDecision(row: DecisionRow, siteName: (id: number) => string): Decision {
  const body = unpackBody(row.packed, siteName);
  return {
    id: `${row.app}-${row.lookMs}`,
    app: row.app,
    lookMs: row.lookMs,
    verdict: ofCode(VERDICT_CODE, row.verdict, 'verdict'),
    reason: ofCode(REASON_CODE, row.reason, 'reason'),
    ...(row.fromSite >= 0 && { from: siteName(row.fromSite) }),
    ...(row.toSite >= 0 && { to: siteName(row.toSite) }),
    ...(!Number.isNaN(row.gain) && { gain: row.gain }),
    horizonS: row.horizonS,
    predictor: ofCode(PREDICTOR_CODE, row.predictor, 'predictor'),
    ...(row.modelVersion >= 0 && { modelVersion: row.modelVersion }),
    policyVersion: row.policyVersion,
    ...body,
  };
}

const HAS = { qos: 1, rule: 2, error: 4, refusal: 8, barred: 16, next: 32 } as const;
const GATE_PASS = 1 << 14;
/** Marks a figure that is not a whole number below it, and an app without a current candidate. */
const ELSE = 0xff;
const NONE = 0xffff;

function packBody({ candidates, gates }: Decision, siteId: (name: string) => number): Uint8Array {
  const refusals = [...new Set(candidates.flatMap((c) => (c.refusal === undefined ? [] : [c.refusal.slice(0, REFUSAL_MAX)])))];
  const texts = Buffer.from(JSON.stringify(refusals));
  const out = Buffer.allocUnsafe(16 + texts.length + gates.length * (3 + 14 * 5) + candidates.length * 29);
  let at = out.writeUInt8(LAYOUT, 0);
  at = out.writeUInt8(gates.length, at);
  for (const gate of gates) at = packGate(out, at, gate);
  at = out.writeUInt32LE(texts.length, at);
  at += texts.copy(out, at);
  at = out.writeUInt16LE(candidates.length, at);
  const current = candidates.findIndex((c) => c.current);
  at = out.writeUInt16LE(current < 0 ? NONE : current, at);
  let before = -1;
  for (const c of candidates) {
    const site = siteId(c.site);
    at = packCandidate(out, at, { c, site, next: site === before + 1, refusals });
    before = site;
  }
  return new Uint8Array(out.subarray(0, at));
}

function packGate(out: Buffer, start: number, { gate, pass, numbers }: GateResult): number {
  const names: readonly string[] = GATE_NUMBERS[gate];
  let mask = pass ? GATE_PASS : 0;
  let at = start + 3;
  let written = 0;
  for (let i = 0; i < names.length; i++) {
    const value = numbers[names[i] ?? ''];
    if (value === undefined) continue;
    mask |= 1 << i;
    at = packFigure(out, at, value);
    written++;
  }
  if (written !== Object.keys(numbers).length)
    throw new RangeError(`gate ${gate} records a figure that GATE_NUMBERS does not list: ${Object.keys(numbers).join(', ')}`);
  out.writeUInt8(REASON_CODE[gate], start);
  out.writeUInt16LE(mask, start + 1);
  return at;
}

/** Most figures are yes, no, a code or a count: those take one byte. */
function packFigure(out: Buffer, at: number, value: number): number {
  if (value >= 0 && value < ELSE && Number.isInteger(value)) return out.writeUInt8(value, at);
  return out.writeFloatLE(value, out.writeUInt8(ELSE, at));
}

interface PackedSite {
  readonly c: Candidate;
  readonly site: number;
  /** Its id follows that of the candidate before, and is not written. */
  readonly next: boolean;
  readonly refusals: readonly string[];
}

function packCandidate(out: Buffer, start: number, { c, site, next, refusals }: PackedSite): number {
  const flags =
    (c.qos ? HAS.qos : 0) |
    (c.rule === undefined ? 0 : HAS.rule) |
    (c.error === undefined ? 0 : HAS.error) |
    (c.refusal === undefined ? 0 : HAS.refusal) |
    (c.barred === undefined ? 0 : HAS.barred) |
    (next ? HAS.next : 0) |
    (TRUST_CODE[c.trust] << 6);
  let at = out.writeUInt8(flags, start);
  if (!next) at = out.writeUInt16LE(site, at);
  if (c.qos) for (const value of [c.qos.p10, c.qos.p50, c.qos.p90]) at = out.writeFloatLE(value, at);
  if (c.rule !== undefined) at = out.writeFloatLE(c.rule, at);
  if (c.error !== undefined) at = out.writeFloatLE(c.error, at);
  if (c.refusal !== undefined) at = out.writeUInt16LE(refusals.indexOf(c.refusal.slice(0, REFUSAL_MAX)), at);
  if (c.barred !== undefined) at = out.writeUInt8(BARRIER_CODE[c.barred], at);
  return at;
}

function unpackBody(packed: Uint8Array, siteName: (id: number) => string): Pick<Decision, 'candidates' | 'gates'> {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const layout = bytes.readUInt8(0);
  if (layout !== LAYOUT) throw new RangeError(`decision record has layout ${layout}, this build reads ${LAYOUT}`);
  const cursor: Cursor = { bytes, at: 2, site: -1 };
  const gates = Array.from({ length: bytes.readUInt8(1) }, () => unpackGate(cursor));
  const textBytes = take(cursor, 4);
  if (cursor.at + textBytes > bytes.length) throw new RangeError(`decision record ends after ${bytes.length} bytes, inside its texts`);
  const refusals: readonly string[] = JSON.parse(bytes.toString('utf8', cursor.at, cursor.at + textBytes));
  cursor.at += textBytes;
  const count = take(cursor, 2);
  const current = take(cursor, 2);
  const candidates = Array.from({ length: count }, (_, i) => unpackCandidate(cursor, { current: i === current, refusals, siteName }));
  return { candidates, gates };
}

interface Cursor {
  readonly bytes: Buffer;
  at: number;
  /** Id of the candidate read last. */
  site: number;
}

function take(cursor: Cursor, size: 1 | 2 | 4): number {
  const value = cursor.bytes.readUIntLE(cursor.at, size);
  cursor.at += size;
  return value;
}

function takeFloat(cursor: Cursor): number {
  const value = cursor.bytes.readFloatLE(cursor.at);
  cursor.at += 4;
  return value;
}

function takeFigure(cursor: Cursor): number {
  const small = take(cursor, 1);
  return small === ELSE ? takeFloat(cursor) : small;
}

function unpackGate(cursor: Cursor): GateResult {
  const gate = ofCode(REASON_CODE, take(cursor, 1), 'gate') as Gate;
  const mask = take(cursor, 2);
  const numbers: Record<string, number> = {};
  GATE_NUMBERS[gate].forEach((name, i) => {
    if (mask & (1 << i)) numbers[name] = takeFigure(cursor);
  });
  return { gate, pass: (mask & GATE_PASS) !== 0, numbers };
}

interface UnpackedSite {
  readonly current: boolean;
  readonly refusals: readonly string[];
  readonly siteName: (id: number) => string;
}

function unpackCandidate(cursor: Cursor, { current, refusals, siteName }: UnpackedSite): Candidate {
  const flags = take(cursor, 1);
  cursor.site = flags & HAS.next ? cursor.site + 1 : take(cursor, 2);
  // An object literal is filled from left to right, which is the order of the bytes.
  return {
    site: siteName(cursor.site),
    current,
    ...(flags & HAS.qos && { qos: { p10: takeFloat(cursor), p50: takeFloat(cursor), p90: takeFloat(cursor) } }),
    ...(flags & HAS.rule && { rule: takeFloat(cursor) }),
    trust: ofCode(TRUST_CODE, flags >> 6, 'trust'),
    ...(flags & HAS.error && { error: takeFloat(cursor) }),
    ...(flags & HAS.refusal && { refusal: refusals[take(cursor, 2)] ?? '' }),
    ...(flags & HAS.barred && { barred: ofCode(BARRIER_CODE, take(cursor, 1), 'barrier') }),
  };
}
