/** The search attributes that tell an operator in the web UI what an app does. */
export const SEARCH_ATTRIBUTES = {
  BerthApp: 'Keyword',
  BerthSite: 'Keyword',
  BerthState: 'Keyword',
  BerthModel: 'Keyword',
  BerthPaused: 'Bool',
} as const;

/** One installation, one namespace. */
export const NAMESPACE = 'berth';
