import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What Prometheus reads at GET /metrics. */
export interface Metrics {
  registry: Registry
  requestSeconds: Histogram<'operation' | 'status'>
  problems: Counter<'operation' | 'code'>
  callSeconds: Histogram<'to' | 'outcome'>
  hashesRunning: Gauge
  hashesWaiting: Gauge
  hashesAtOnce: Gauge
  hashQueue: Gauge
  hashesRefused: Counter
  hashWaitSeconds: Histogram
  databaseWaitSeconds: Histogram
  refreshTokensReused: Counter
  changeStreams: Gauge
  jobs: Counter<'job' | 'outcome'>
  jobSeconds: Histogram<'job'>
  workersLost: Counter
  mails: Counter<'template' | 'outcome'>
  stripeAlarms: Counter<'kind'>
  stripeDrift: Counter<'kind'>
  webhookDeliveries: Counter<'outcome'>
  webhookEndpointsDisabled: Counter<'because'>
}

/** Makes a registry of its own, so that several apps can live in one process. */
export function makeMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  return {
    registry,
    requestSeconds: new Histogram({
      name: 'frontgate_request_seconds',
      help: 'Time from the request to the end of the reply',
      labelNames: ['operation', 'status'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    }),
    problems: new Counter({
      name: 'frontgate_problems_total',
      help: 'Requests that were answered with a problem, by its code',
      labelNames: ['operation', 'code'],
      registers,
    }),
    callSeconds: new Histogram({
      name: 'frontgate_call_seconds',
      help: 'Time that calls over the network take, by whom they go to and what came of them: done, refused, or failed, which is no answer too',
      labelNames: ['to', 'outcome'],
      buckets: [0.05, 0.2, 1, 5, 20],
      registers,
    }),
    hashesRunning: new Gauge({
      name: 'frontgate_password_hashes_running',
      help: 'Password hashes that are computed right now',
      registers,
    }),
    hashesWaiting: new Gauge({
      name: 'frontgate_password_hashes_waiting',
      help: 'Password hashes queued',
      registers,
    }),
    hashesAtOnce: new Gauge({
      name: 'frontgate_password_hashes_most_running',
      help: 'How many are computed at the same time at most: HASHES_AT_ONCE',
      registers,
    }),
    hashQueue: new Gauge({
      name: 'frontgate_password_hashes_most_waiting',
      help: 'How many may wait: HASH_QUEUE',
      registers,
    }),
    hashesRefused: new Counter({
      name: 'frontgate_password_hashes_refused_total',
      help: 'Password hashes that were turned away with 503, since too many waited',
      registers,
    }),
    hashWaitSeconds: new Histogram({
      name: 'frontgate_password_hash_wait_seconds',
      help: 'Time until a password hash had its turn',
      buckets: [0.01, 0.1, 0.5, 2, 10],
      registers,
    }),
    databaseWaitSeconds: new Histogram({
      name: 'frontgate_database_wait_seconds',
      help: 'Time until a request had a connection to the database',
      buckets: [0.001, 0.01, 0.1, 0.5, 2, 10],
      registers,
    }),
    refreshTokensReused: new Counter({
      name: 'frontgate_refresh_tokens_reused_total',
      help: 'Sessions that were ended because one of their refresh tokens came a second time: it was copied',
      registers,
    }),
    changeStreams: new Gauge({
      name: 'frontgate_change_streams',
      help: 'Streams of changes that products follow',
      registers,
    }),
    jobs: new Counter({
      name: 'frontgate_jobs_total',
      help: 'Jobs by name and outcome',
      labelNames: ['job', 'outcome'],
      registers,
    }),
    jobSeconds: new Histogram({
      name: 'frontgate_job_seconds',
      help: 'Time that running a job takes, whatever came of it',
      labelNames: ['job'],
      buckets: [0.02, 0.1, 0.5, 2, 10, 60],
      registers,
    }),
    workersLost: new Counter({
      name: 'frontgate_workers_lost_total',
      help: 'Workers that were gone without an end, and whose jobs this process gave back',
      registers,
    }),
    mails: new Counter({
      name: 'frontgate_mails_total',
      help: 'Mails by template and outcome',
      labelNames: ['template', 'outcome'],
      registers,
    }),
    stripeAlarms: new Counter({
      name: 'frontgate_stripe_alarms_total',
      help: 'What a person should look at, by kind: parked events, unknown prices, deleted customers, several live subscriptions, customers that cannot be mirrored',
      labelNames: ['kind'],
      registers,
    }),
    stripeDrift: new Counter({
      name: 'frontgate_stripe_drift_total',
      help: 'What the sweep found and no event had told of, or that should not be so, by kind',
      labelNames: ['kind'],
      registers,
    }),
    webhookDeliveries: new Counter({
      name: 'frontgate_webhook_deliveries_total',
      help: 'Attempts to deliver a webhook: delivered, failed and to be tried again, or given up',
      labelNames: ['outcome'],
      registers,
    }),
    webhookEndpointsDisabled: new Counter({
      name: 'frontgate_webhook_endpoints_disabled_total',
      help: 'Webhook endpoints that were disabled because they are gone, or have failed for days',
      labelNames: ['because'],
      registers,
    }),
  }
}

/** What an alert looks for an increase of has to be there before it happens. */
export function beginAtNought<L extends string>(
  counter: Counter<L>,
  label: L,
  values: readonly string[],
): void {
  for (const value of values) counter.inc({ [label]: value } as Record<L, string>, 0)
}
