import { setImmediate as afterIo } from 'node:timers/promises';
import type { Tx } from './connect.ts';

const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TRAILER = Buffer.from([0xff, 0xff]);
const CHUNK = 1024 * 1024;

/** Rows in Postgres' binary COPY format. Per row: `row(n)`, then n columns in the order of the COPY statement. */
export class CopyRows {
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #at = HEADER.copy(this.#bytes, 0);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  row(columns: number): this {
    this.#at = this.#room(2).writeInt16BE(columns, this.#at);
    this.#count++;
    return this;
  }

  /** Columns of 2, 4 and 8 bytes; undefined = NULL. */
  int2(value: number | undefined): this {
    return this.#fixed(2, value, (at, v) => this.#bytes.writeInt16BE(v, at));
  }

  int4(value: number | undefined): this {
    return this.#fixed(4, value, (at, v) => this.#bytes.writeInt32BE(v, at));
  }

  int8(value: number | undefined): this {
    return this.#fixed(8, value, (at, v) => this.#bytes.writeBigInt64BE(BigInt(v), at));
  }

  real(value: number | undefined): this {
    return this.#fixed(4, value, (at, v) => this.#bytes.writeFloatBE(v, at));
  }

  double(value: number | undefined): this {
    return this.#fixed(8, value, (at, v) => this.#bytes.writeDoubleBE(v, at));
  }

  bool(value: boolean): this {
    return this.bytea(new Uint8Array([value ? 1 : 0]));
  }

  text(value: string | undefined): this {
    return value === undefined ? this.#fixed(0, undefined, () => 0) : this.bytea(Buffer.from(value));
  }

  /** One column from its parts. */
  bytea(...parts: readonly Uint8Array[]): this {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    this.#at = this.#room(4 + length).writeInt32BE(length, this.#at);
    for (const part of parts) {
      this.#bytes.set(part, this.#at);
      this.#at += part.length;
    }
    return this;
  }

  finish(): Buffer {
    return Buffer.concat([this.#bytes.subarray(0, this.#at), TRAILER]);
  }

  #fixed(size: number, value: number | undefined, write: (at: number, value: number) => number): this {
    this.#at = this.#room(4 + size).writeInt32BE(value === undefined ? -1 : size, this.#at);
    if (value !== undefined) this.#at = write(this.#at, value);
    return this;
  }

  #room(size: number): Buffer {
    if (this.#at + size > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + size));
      this.#bytes.copy(grown, 0, 0, this.#at);
      this.#bytes = grown;
    }
    return this.#bytes;
  }
}

/**
 * Writes rows into `target`, e.g. `outcome (look_ms, app)`, inside a transaction; on failure the transaction is aborted.
 * postgres.js 3.4.9 never reports an error that the server finds after the last row (the stream just stays open), so the
 * statement behind the COPY is asked: in an aborted transaction the server refuses it at once.
 */
export async function copyRows(tx: Tx, target: string, rows: CopyRows): Promise<void> {
  if (rows.count === 0) return;
  const bytes = rows.finish();
  const stream = await tx.unsafe(`copy ${target} from stdin (format binary)`).writable();
  let failure: Error | undefined;
  stream.on('error', (error: Error) => (failure = error));
  for (let at = 0; at < bytes.length && !failure; at += CHUNK) {
    await new Promise<void>((written) => stream.write(bytes.subarray(at, at + CHUNK), () => written()));
  }
  stream.end();
  // The end of the COPY goes out on a later turn of the loop; the question must come behind it.
  await afterIo();
  await afterIo();
  await tx`select 1`.catch((error: unknown) => {
    throw failure ?? new Error(`COPY into ${target} of ${rows.count} rows was refused by the server: ${String(error)}`, { cause: error });
  });
}
