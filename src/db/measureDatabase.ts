import { Gauge } from 'prom-client'
import type { App } from '../app.ts'

/** Lets GET /metrics say how many connections there are and who waits for one, and whether changes of others are seen. */
export function measureDatabase({ pool, changeTail, config, metrics: { registry } }: App): void {
  const registers = [registry]
  new Gauge({
    name: 'frontgate_database_connections',
    help: 'Connections to the database for requests, by whether they are in use',
    labelNames: ['state'],
    registers,
    collect() {
      this.set({ state: 'idle' }, pool.idleCount)
      this.set({ state: 'busy' }, pool.totalCount - pool.idleCount)
    },
  })
  new Gauge({
    name: 'frontgate_database_most_connections',
    help: 'How many connections for requests there may be: DATABASE_POOL_SIZE',
    registers,
  }).set(config.databasePoolSize)
  new Gauge({
    name: 'frontgate_database_waiting',
    help: 'Who waits for a connection to the database right now',
    registers,
    collect() {
      this.set(pool.waitingCount)
    },
  })
  new Gauge({
    name: 'frontgate_changes_listening',
    help: '1 while what other processes change is heard of at once; 0 while it is looked for once a second',
    registers,
    collect() {
      this.set(changeTail.isListening ? 1 : 0)
    },
  })
  new Gauge({
    name: 'frontgate_changes_age_seconds',
    help: 'How long ago this process last saw what others have changed',
    registers,
    collect() {
      this.set(changeTail.secondsSinceLook)
    },
  })
}
