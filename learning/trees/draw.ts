/** Draws features without repetition: each call gives which of them may be used. */
export function drawColumns(width: number, share: number, random: () => number): () => Uint8Array {
  const wanted = Math.max(1, Math.round(width * share));
  if (wanted >= width) return () => new Uint8Array(width).fill(1);
  const order = Array.from({ length: width }, (_, f) => f);
  return () => {
    const allowed = new Uint8Array(width);
    for (let i = 0; i < wanted; i++) {
      const j = i + Math.floor(random() * (width - i));
      [order[i], order[j]] = [order[j]!, order[i]!];
      allowed[order[i]!] = 1;
    }
    return allowed;
  };
}
