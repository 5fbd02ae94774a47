import { clockOf } from './clock.ts';

export const UNKNOWN = 'unknown';

/** Figures come from records and reports of other processes: whatever is not a finite number is unknown. */
export function isKnown(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

export function milliseconds(value: unknown): string {
  return isKnown(value) ? `${value.toFixed(value < 100 ? 1 : 0)} ms` : UNKNOWN;
}

/** `share` of 1 as a percentage, with what is above zero never printed as zero. */
export function percent(share: unknown): string {
  if (!isKnown(share)) return UNKNOWN;
  return share > 0 && share < 0.0005 ? 'under 0.1 %' : `${(share * 100).toFixed(1)} %`;
}

export function score(value: unknown): string {
  return isKnown(value) ? value.toFixed(2) : UNKNOWN;
}

/** A difference of scores, with its sign. */
export function gain(value: unknown): string {
  if (!isKnown(value)) return UNKNOWN;
  const digits = Math.abs(value).toFixed(2);
  if (Number(digits) === 0) return '0.00';
  return `${value < 0 ? '−' : '+'}${digits}`;
}

export function seconds(value: unknown): string {
  return isKnown(value) ? `${value.toFixed(value < 10 ? 1 : 0)} s` : UNKNOWN;
}

export function count(value: unknown): string {
  return isKnown(value) ? value.toLocaleString('en-US') : UNKNOWN;
}

export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Seconds since `fromMs`, and the clock on the wall. */
export function moment(atMs: number, fromMs: number): string {
  return isKnown(atMs) ? `${Math.round((atMs - fromMs) / 1000)} s (${clockOf(atMs)})` : UNKNOWN;
}

/** How much less error than the baseline a model makes, in words. */
export function skill(value: unknown): string {
  if (!isKnown(value)) return 'skill unknown';
  if (value === 0) return 'no less error';
  return `${percent(Math.abs(value))} ${value > 0 ? 'less' : 'more'} error`;
}
