import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What Prometheus reads at GET /metrics. */
export interface Metrics {
  registry: Registry
  requestSeconds: Histogram<'operation' | 'status'>
  hashesWaiting: Gauge
  changeStreams: Gauge
  jobs: Counter<'job' | 'outcome'>
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
    hashesWaiting: new Gauge({
      name: 'frontgate_password_hashes_waiting',
      help: 'Password hashes queued',
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
