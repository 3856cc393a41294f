import { pino } from 'pino'
import type { Config } from '../config.ts'

export type Log = pino.Logger

/** JSON lines on standard output, or elsewhere. Callers log ids and codes: never addresses, tokens or bodies. */
export function makeLog(config: Pick<Config, 'logLevel'>, destination?: pino.DestinationStream): Log {
  const options: pino.LoggerOptions = {
    level: config.logLevel,
    base: null,
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { error: describeError },
  }
  return destination ? pino(options, destination) : pino(options)
}

/** What of an error may be logged: PostgreSQL puts values of rows into `detail`, so that is left out. */
export function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) }
  const { name, message, stack, code, constraint, table } = error as Error & Record<string, unknown>
  return {
    name,
    message: withoutAddresses(message),
    ...(code !== undefined && { code }),
    ...(constraint !== undefined && { constraint, table }),
    stack: withoutAddresses(String(stack)),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  }
}

function withoutAddresses(text: string): string {
  return text.replace(/[^\s"'<>(),;:]+@[^\s"'<>(),;:]+/g, (match) =>
    match.includes('/') ? match : '[address]',
  )
}
