import { pino } from 'pino'
import type { Config } from '../config.ts'
import { currentTraceId } from '../tracing/spans.ts'

const FLUSH_EVERY_MS = 100

export type Log = pino.Logger

/** JSON lines on standard output, or elsewhere. Callers log ids and codes: never addresses, tokens or bodies. */
export function makeLog(
  config: Pick<Config, 'logLevel' | 'otelExporterOtlpEndpoint'>,
  destination?: pino.DestinationStream,
): Log {
  const options: pino.LoggerOptions = {
    level: config.logLevel,
    base: null,
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    ...(config.otelExporterOtlpEndpoint && { mixin: traceOfLine }),
    serializers: { error: (error: unknown) => describeError(error) },
  }
  return pino(options, destination ?? standardOutput())
}

function traceOfLine(): object {
  const traceId = currentTraceId()
  return traceId === undefined ? {} : { trace_id: traceId }
}

/** Writes lines a few at a time: one system call each costs as much as making them. None is lost at an exit. */
function standardOutput(): pino.DestinationStream {
  const stream = pino.destination({ sync: true, minLength: 4096, periodicFlush: FLUSH_EVERY_MS })
  process.on('exit', () => stream.flushSync())
  return stream
}

const DATA_EXCEPTION = /^22[0-9A-Z]{3}$/
const DEEPEST_CAUSE = 5

/**
 * What of an error may be logged. PostgreSQL puts values of rows into `detail`, which is left out, and values of
 * parameters behind the colon of messages about wrong data, which are cut there.
 */
export function describeError(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { message: withoutAddresses(String(error)) }
  const { name, message, stack, code, constraint, table } = error as Error & Record<string, unknown>
  const isAboutData = typeof code === 'string' && DATA_EXCEPTION.test(code)
  const said = isAboutData ? message.replace(/:.*/s, '') : message
  const errors = error instanceof AggregateError ? (error.errors as unknown[]) : undefined
  const goesOn = depth < DEEPEST_CAUSE
  return {
    name,
    message: withoutAddresses(said),
    ...(code !== undefined && { code }),
    ...(constraint !== undefined && { constraint, table }),
    stack: withoutAddresses(String(stack).replace(message, () => said)),
    ...(goesOn && errors && { errors: errors.map((each) => describeError(each, depth + 1)) }),
    ...(goesOn && error.cause !== undefined && { cause: describeError(error.cause, depth + 1) }),
  }
}

/** Takes out what is around an @, of mail addresses as of URLs with a password, but leaves paths of packages. */
export function withoutAddresses(text: string): string {
  return text.replace(/[^\s"'<>(),;:]+@[^\s"'<>(),;:]+/g, (match) =>
    match.includes('node_modules/') ? match : '[address]',
  )
}
