import type { EventEmitter } from 'node:events'
import pg from 'pg'
import { READ_ONLY } from './errors.ts'

type Connected = (error: Error | null) => void

/**
 * A connection to a server that takes writes. Connecting to a standby fails, as to a server that is down: what it says may
 * be old, and locks that are held there hold nobody off. That is seen in what servers say of themselves when they greet, so
 * it costs no round trip; PostgreSQL does since 14, and poolers do not pass it on. A connection that breaks ends nobody's
 * process: whoever uses it is told by the statement.
 */
export class PrimaryClient extends pg.Client {
  #isStandby = false

  constructor(config: pg.ClientConfig = {}) {
    super(config)
    this.on('error', () => undefined)
    const { connection } = this as unknown as { connection: EventEmitter }
    connection.on('parameterStatus', ({ parameterName, parameterValue }: ParameterStatus) => {
      if (parameterName === 'in_hot_standby') this.#isStandby = parameterValue === 'on'
    })
  }

  override connect(): Promise<this>
  override connect(callback: Connected): void
  override connect(callback?: Connected): Promise<this> | undefined {
    if (!callback) {
      const { promise, resolve, reject } = Promise.withResolvers<this>()
      this.connect((error) => (error ? reject(error) : resolve(this)))
      return promise
    }
    super.connect((error: Error | null) => callback(error ?? this.#refuseStandby()))
    return undefined
  }

  /** Whether something in between gives out sessions of the server: where that is so, their ids are not the server's. */
  async isPooled(): Promise<boolean> {
    const { rows } = await this.query<{ pid: number }>('select pg_backend_pid() as pid')
    return rows[0]?.pid !== (this as { processID?: number }).processID
  }

  #refuseStandby(): Error | null {
    if (!this.#isStandby) return null
    void this.end().catch(() => undefined)
    return Object.assign(new Error('The server is a standby'), { code: READ_ONLY })
  }
}

interface ParameterStatus {
  parameterName: string
  parameterValue: string
}
