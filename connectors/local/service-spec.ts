/** What the example service and the site agent are told in their environment, as JSON. */
export interface ServiceSpec {
  readonly workMs: number;
  readonly warmUpS: number;
  /** PBKDF2 rounds per request; 0 on a simulated site, where a request waits instead of working. */
  readonly iterations: number;
  readonly simulated: boolean;
  readonly factor: number;
}

export interface ProbeSpec {
  /** PBKDF2 rounds of one burst; 0 on a simulated site. */
  readonly iterations: number;
  readonly burstMs: number;
  readonly everyMs: number;
  readonly simulated: boolean;
  readonly factor: number;
}

/** What a service on a simulated site would have used: CPU and the wait for it, in ms since its start. */
export interface SimulatedUse {
  readonly cpuMs: number;
  readonly delayMs: number;
}
