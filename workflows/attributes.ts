/** Search attributes of one installation; never secrets, because nothing encrypts them. */
export const attributes = {
  app: { name: 'BerthApp', type: 'KEYWORD' },
  site: { name: 'BerthSite', type: 'KEYWORD' },
  state: { name: 'BerthState', type: 'KEYWORD' },
  paused: { name: 'BerthPaused', type: 'BOOL' },
  model: { name: 'BerthModel', type: 'KEYWORD' },
} as const;
