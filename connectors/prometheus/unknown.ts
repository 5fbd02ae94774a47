/** Why a query gave nothing. `retryable`: the same question may be answered a moment later. */
export interface Unknown {
  readonly kind: 'unknown';
  readonly reason:
    | 'unreachable'
    | 'timeout'
    | 'too-large'
    | 'redirect'
    | 'refused-address'
    | 'unauthorized'
    | 'bad-query'
    | 'overloaded'
    | 'server-error'
    | 'not-understood'
    | 'partial'
    | 'clock-skew';
  /** For a person; never the address or the token. */
  readonly why: string;
  readonly retryable: boolean;
  /** Seconds the server asks to wait. */
  readonly retryAfterS?: number;
}

export function unknown(reason: Unknown['reason'], why: string, retryable = false): Unknown {
  return { kind: 'unknown', reason, why: why.slice(0, 300), retryable };
}

export function isUnknown(answer: unknown): answer is Unknown {
  return typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'unknown';
}
