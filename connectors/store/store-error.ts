/** What the store could not do. The message names the operation; it never carries the database address. */
export class StoreError extends Error {
  readonly operation: string;
  /** SQLSTATE or the code of the connection error; undefined for bad input and deadlines. */
  readonly code: string | undefined;
  /** False for bad input and broken promises: trying again cannot help. */
  readonly retryable: boolean;

  constructor(operation: string, cause: unknown, retryable = true) {
    super(`store: ${operation}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'StoreError';
    this.operation = operation;
    this.code = codeOf(cause);
    this.retryable = retryable;
  }
}

/** Runs one operation of the store under a deadline of our own: a frozen server answers no statement_timeout. */
export async function operation<T>(name: string, deadlineMs: number, run: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    return await Promise.race([run(), late]);
  } catch (error) {
    throw error instanceof StoreError ? error : new StoreError(name, error, !(error instanceof RangeError));
  } finally {
    clearTimeout(timer);
  }
}

type Methods = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

/** The same methods, each as a named `operation`. */
export function asOperations<T extends object>(methods: T, deadlineMs: number): T {
  const named = Object.entries(methods as Methods).map(([name, method]) => [
    name,
    (...args: never[]) => operation(name, deadlineMs, () => method(...args)),
  ]);
  return Object.fromEntries(named) as T;
}

function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
}
