/** How a file writes its times; predictions are written the same way. */
export type TimeFormat =
  | { readonly kind: 'seconds' }
  | { readonly kind: 'milliseconds' }
  | {
      readonly kind: 'iso';
      readonly between: 'T' | ' ';
      readonly zone: string;
      readonly seconds: boolean;
      readonly fraction: number;
    };

export interface ParsedTime {
  readonly ms: number;
  readonly format: TimeFormat;
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:([T ])(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?$/;
/** Above it a number is milliseconds: as seconds it would be the year 5138, as milliseconds it is 1973. */
const LARGEST_SECONDS = 1e11;
const MAX_MS = 8.64e15;

/** Reads a time: a number is epoch seconds or milliseconds by its size, text is ISO 8601 (without a zone: UTC). Undefined = no time. */
export function parseTime(text: string): ParsedTime | undefined {
  const trimmed = text.trim();
  const match = ISO.exec(trimmed);
  if (match) return parseIso(match);
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed)) return undefined;
  return timeOfNumber(Number(trimmed));
}

export function timeOfNumber(value: number): ParsedTime | undefined {
  if (!Number.isFinite(value)) return undefined;
  const isSeconds = Math.abs(value) < LARGEST_SECONDS;
  const ms = isSeconds ? Math.round(value * 1e6) / 1e3 : value;
  return Math.abs(ms) > MAX_MS ? undefined : { ms, format: { kind: isSeconds ? 'seconds' : 'milliseconds' } };
}

/** A time as text of a format. */
export function formatTime(ms: number, format: TimeFormat): string {
  switch (format.kind) {
    case 'seconds':
      return String(Math.round(ms * 1e3) / 1e6);
    case 'milliseconds':
      return String(ms);
    case 'iso':
      return formatIso(ms, format);
  }
}

function parseIso(match: RegExpExecArray): ParsedTime | undefined {
  const [, year, month, day, between = 'T', hour = '0', minute = '0', second, fraction = '', zone = ''] = match;
  const ms =
    Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second ?? 0)) +
    Number(`0.${fraction || '0'}`) * 1000 -
    zoneMs(zone);
  // 31 February would roll over into March.
  if (new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() !== Number(day)) return undefined;
  if (Number(month) > 12 || Number(hour) > 24 || Number(minute) > 59 || Number(second ?? 0) > 60) return undefined;
  const format = {
    kind: 'iso' as const,
    between: between === 'T' ? ('T' as const) : (' ' as const),
    zone,
    seconds: second !== undefined || match[4] === undefined,
    fraction: fraction.length,
  };
  return { ms: Math.round(ms * 1e3) / 1e3, format };
}

function zoneMs(zone: string): number {
  if (zone === '' || zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  const digits = zone.slice(1).replace(':', '');
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))) * 60_000;
}

function formatIso(ms: number, { between, zone, seconds, fraction }: Extract<TimeFormat, { kind: 'iso' }>): string {
  const local = new Date(Math.floor(ms + zoneMs(zone))).toISOString();
  const millis = local.slice(20, 23);
  const showSeconds = seconds || local.slice(17, 19) !== '00' || millis !== '000';
  const digits = Math.max(fraction, millis === '000' ? 0 : 3);
  const tail = digits > 0 ? `.${millis.padEnd(digits, '0').slice(0, digits)}` : '';
  return `${local.slice(0, 10)}${between}${local.slice(11, showSeconds ? 19 : 16)}${showSeconds ? tail : ''}${zone}`;
}
