import { connect, createServer, type Socket } from 'node:net'

const FIRST_PACKET = 'first'
/** Long enough for everything that is sent together to have been sent. */
const REPLIES_LATE_MS = 5

export interface Counts {
  /** How often something was sent after an answer, whatever connection it went over. */
  roundTrips: number
  /** Executed statements, BEGIN and COMMIT included. */
  statements: number
}

/** Stands between the service and PostgreSQL and counts what passes, one request of the service at a time. */
export class CountingProxy {
