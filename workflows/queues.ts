/** Three task queues, three trust levels; only the actuator holds a cluster-write credential. */
export const QUEUE = { control: 'berth-control', compute: 'berth-compute', actuate: 'berth-actuate' } as const;

/** Ids say whose a workflow is; one namespace is one installation. */
export const workflowIds = {
  controller: (app: string) => `app/${app}`,
  move: (app: string, decisionId: string) => `move/${app}/${decisionId}`,
  profile: (app: string) => `profile/${app}`,
  train: (key: string) => `train/${key}`,
  promote: (key: string, version: number) => `promote/${key}/${version}`,
  drain: (site: string) => `drain/${site}`,
  rollback: (key: string) => `rollback/${key}`,
  watch: 'watch/fleet',
  drift: 'drift/fleet',
  notices: 'notify/fleet',
  replay: (name: string) => `replay/${name}`,
  look: (lookMs: number) => `predict/fleet-${new Date(lookMs).toISOString()}`,
} as const;
