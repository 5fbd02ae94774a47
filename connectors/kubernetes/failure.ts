/**
 * What a call came to, by what can be done about it. `NotPermitted` and `BadInput` are hopeless to repeat; `Conflict` wants a fresh look;
 * `Unreachable` may have happened or not; `Busy` and `Refused` say no for now and for good.
 */
export type FailureKind = 'NotPermitted' | 'BadInput' | 'NotFound' | 'Conflict' | 'Expired' | 'Busy' | 'Unreachable';

/** The API server's answer, or that there was none. Its name is the kind: retry policies go by it. */
export class KubernetesFailure extends Error {
  readonly kind: FailureKind;
  readonly status: number | undefined;
  /** Paths of fields that somebody else owns, with their owner. */
  readonly conflicts: readonly { readonly field: string; readonly message: string }[];
  readonly retryAfterMs: number | undefined;

  constructor(kind: FailureKind, message: string, more: Partial<Pick<KubernetesFailure, 'status' | 'conflicts' | 'retryAfterMs'>> = {}) {
    super(message);
    this.name = kind;
    this.kind = kind;
    this.status = more.status;
    this.conflicts = more.conflicts ?? [];
    this.retryAfterMs = more.retryAfterMs;
  }
}

interface StatusBody {
  readonly message?: unknown;
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly field?: string; readonly message?: string }[] };
}

/** An answer that is no success. `body` is the JSON text of a Status, or a page of whatever stands in between. */
export function failureOf(answer: { status: number; what: string; body: string; retryAfter: string | undefined }): KubernetesFailure {
  const { status, what, body } = answer;
  const said = statusBody(body);
  const words = typeof said?.message === 'string' && said.message !== '' ? said.message : body.slice(0, 200).trim();
  const conflicts = (said?.details?.causes ?? [])
    .filter((cause) => cause.reason === 'FieldManagerConflict')
    .map((cause) => ({ field: cause.field ?? '', message: cause.message ?? '' }));
  const seconds = Number(answer.retryAfter);
  return new KubernetesFailure(kindOf(status), `${what}: ${status} ${words}`.slice(0, 600), {
    status,
    conflicts,
    retryAfterMs: answer.retryAfter === undefined || !Number.isFinite(seconds) || seconds < 0 ? undefined : seconds * 1000,
  });
}

function kindOf(status: number): FailureKind {
  if (status === 401 || status === 403) return 'NotPermitted';
  if (status === 404) return 'NotFound';
  if (status === 409) return 'Conflict';
  if (status === 410) return 'Expired';
  if (status === 429) return 'Busy';
  return status >= 500 ? 'Unreachable' : 'BadInput';
}

function statusBody(body: string): StatusBody | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    // A proxy's page.
    return undefined;
  }
}
