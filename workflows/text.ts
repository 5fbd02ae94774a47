/** Text from people, made safe to show in Markdown: no control characters, no markup, one line, at most `max` characters. */
export function safeText(text: string, max = 200): string {
  const oneLine = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').trim();
  const capped = oneLine.length > max ? `${oneLine.slice(0, max - 1)}…` : oneLine;
  return capped.replace(/[\\`*_{}[\]()#+!|<>~&]/g, (mark) => (mark === '<' ? '&lt;' : mark === '>' ? '&gt;' : mark === '&' ? '&amp;' : `\\${mark}`));
}

/** `12:34:56` of an instant, UTC; enough for a line that lies beside a dated event. */
export function clock(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)}Z`;
}
