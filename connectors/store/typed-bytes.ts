/** Little-endian numbers of 4 bytes, which is how every machine that runs Node lays typed arrays out. */
export function bytesOf(values: Float32Array | Int32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

/** A copy: the bytes of a row need not begin where a Float32Array may. */
export function floatsOf(bytes: Uint8Array, from = 0, count = bytes.length / 4 - from): Float32Array {
  const values = new Float32Array(count);
  new Uint8Array(values.buffer).set(bytes.subarray(from * 4, (from + count) * 4));
  return values;
}

export function intsOf(bytes: Uint8Array): Int32Array {
  return new Int32Array(floatsOf(bytes).buffer);
}
