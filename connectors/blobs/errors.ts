/** Errors of every `Blobs`, told apart by `name`. */
export function blobMissing(sha256: string): Error {
  return Object.assign(new Error(`blob ${sha256} is missing`), { name: 'BlobMissing' });
}

export function blobDamaged(sha256: string, actual: string): Error {
  return Object.assign(new Error(`blob ${sha256} is damaged: its bytes have the digest ${actual}`), { name: 'BlobDamaged' });
}

/** A digest becomes part of a path or key: anything but 64 hexadecimal digits is refused. Throws RangeError. */
export function checkDigest(sha256: string): void {
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw new RangeError(`sha256: expected 64 hexadecimal digits, got ${JSON.stringify(sha256.slice(0, 80))}`);
}
