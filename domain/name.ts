/** Names of apps, sites, objectives and policies: they become parts of ids, paths and labels. */
export const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
