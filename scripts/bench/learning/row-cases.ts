/** A row of the reference errors: a task, the data it is about, and the best that plain methods did on the validation part. */
export interface RowCase {
  readonly task: string;
  /** Files below the data folder; `*` stands for any letters. */
  readonly files: readonly string[];
  readonly split: 'mlo' | 'last-4h' | 'last-fifth' | 'grouped-quarter';
  /** One table per machine, machines in columns. */
  readonly wide?: true;
  readonly rows: readonly { readonly group?: string; readonly best: string; readonly nmae: number }[];
}

const best = (name: string, nmae: number, group?: string): RowCase['rows'][number] => ({
  best: name,
  nmae,
  ...(group === undefined ? {} : { group }),
});

/** Best row of each table, in percent of mean |target|. */
export const ROW_CASES: readonly RowCase[] = [
  { task: 'mlo-flavor-1', files: ['mlo-cassandra/flavor_1.csv'], split: 'mlo', rows: [best('GBDT-l1 X,y lags', 18.12)] },
  { task: 'mlo-flavor-2', files: ['mlo-cassandra/flavor_2.csv'], split: 'mlo', rows: [best('GBDT-l1 X,y lags', 21.14)] },
  {
    task: 'cloudskin',
    files: ['cloudskin-cloudedge/qos_5s.csv.gz'],
    split: 'last-4h',
    rows: [best('GBDT-l1 infra+QoS lags', 10.63, 'node-a'), best('GBDT-l1 infra+QoS lags', 7.37, 'node-b')],
  },
  { task: 'azure-b8ms-redis', files: ['azure-vm-noise/b8ms_eastus.csv.gz'], split: 'last-fifth', rows: [best('GBDT', 5.06)] },
  { task: 'azure-b8ms-pg-ro', files: ['azure-vm-noise/b8ms_eastus.csv.gz'], split: 'last-fifth', rows: [best('GBDT', 10.74)] },
  { task: 'azure-b8ms-pg-rw', files: ['azure-vm-noise/b8ms_eastus.csv.gz'], split: 'last-fifth', rows: [best('GBDT', 6.27)] },
  { task: 'azure-d8s-redis', files: ['azure-vm-noise/d8s_v5_westus2.csv.gz'], split: 'last-fifth', rows: [best('mean', 3.08)] },
  { task: 'kth-s2-before', files: ['kth-mesh/s2_before.csv'], split: 'grouped-quarter', rows: [best('forest', 49.88)] },
  { task: 'kth-s2-after', files: ['kth-mesh/s2_after.csv'], split: 'grouped-quarter', rows: [best('forest', 61.71)] },
  { task: 'kth-s3', files: ['kth-mesh/s3.csv'], split: 'grouped-quarter', rows: [best('forest', 7.95)] },
  { task: 'bitbrains-5m', files: ['bitbrains-small/cpu_mhz.csv.gz'], split: 'last-fifth', wide: true, rows: [best('persistence', 6.12)] },
  { task: 'bitbrains-30m', files: ['bitbrains-small/cpu_mhz.csv.gz'], split: 'last-fifth', wide: true, rows: [best('persistence', 15.08)] },
  { task: 'nab-5m', files: ['nab-cloudwatch/*cpu*.csv.gz'], split: 'last-fifth', rows: [best('AR ridge', 5.24)] },
  { task: 'nab-30m', files: ['nab-cloudwatch/*cpu*.csv.gz'], split: 'last-fifth', rows: [best('AR ridge', 6.75)] },
  {
    task: 'ms-cloud-1m',
    files: ['ms-cloud-monitoring/ingress-*.csv.gz', 'ms-cloud-monitoring/mongo-*.csv.gz'],
    split: 'last-fifth',
    rows: [best('AR ridge', 1.2)],
  },
  {
    task: 'ms-cloud-30m',
    files: ['ms-cloud-monitoring/ingress-*.csv.gz', 'ms-cloud-monitoring/mongo-*.csv.gz'],
    split: 'last-fifth',
    rows: [best('persistence', 2.84)],
  },
];
