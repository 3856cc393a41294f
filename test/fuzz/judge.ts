import { problems } from '../../src/problems.ts'
import type { Operation } from '../contract/operations.ts'
import { breachesOf } from '../contract/replies.ts'
import type { Outcome } from './exchange.ts'

/** What only the inside of the service says. */
const INSIDE =
  /\n\s+at \S|node_modules|file:\/\/|\.ts:\d+|kysely|graphile|syntax error at or near|duplicate key value|violates (check|foreign|unique|not-null)|invalid input syntax|relation "|ECONNREFUSED|postgres(ql)?:\/\//i

/** Whatever is wrong with a 5xx but with these: what is not set up, or too much for now. */
const isSaid5xx = (code: unknown) => code === 'overloaded' || String(code).endsWith('-not-configured')

/**
 * What is wrong with what came back, whatever was sent: nothing when it is an answer in the words of the contract. An
 * `operation` is named where the request reached its path with its method.
 */
export function faultsOf(
  outcome: Outcome,
  { method, operation }: { method: string; operation?: Operation },
): string[] {
  if (outcome.kind === 'silent') return [`no answer within ${Math.round(outcome.ms)} ms`]
  if (outcome.kind === 'cut') return method === 'CONNECT' ? [] : ['cut without an answer']
  const { status, headers, body } = outcome
  const text = body.toString('utf8')
  const type = headers['content-type'] ?? ''
  const faults: string[] = []
  if (INSIDE.test(text)) faults.push('shows what is inside')
  const hasBody = method !== 'HEAD' && status !== 204 && status !== 304
  const length = headers['content-length']
  if (hasBody && length !== undefined && Number(length) !== body.length)
    faults.push('is not as long as it says')
  // A proxy that passes on only some statuses is told the real one beside.
  const meant = Number(headers['x-frontgate-status'] ?? status)
  if (status >= 400 && hasBody) faults.push(...problemFaults(meant, type, text))
  // Without a body nothing says what is not set up.
  else if (status >= 500 && status !== 503) faults.push(`status ${status}`)
  if (operation && hasBody && faults.length === 0) {
    const isJson = /json/.test(type)
    const isRead = isJson || body.length === 0
    const value = isJson ? JSON.parse(text) : null
    if (isRead && !isPage(status, type)) faults.push(...breachesOf(operation, status, value))
  }
  return faults
}

const isPage = (status: number, type: string) => status < 400 && !/json/.test(type) && type !== ''

function problemFaults(status: number, type: string, text: string): string[] {
  if (type.startsWith('text/html') && status === 404) return []
  if (type !== 'application/problem+json')
    return [`status ${status} is no problem document (${type || 'no type'})`]
  try {
    const { code, status: said, title, detail, instance } = JSON.parse(text) as Record<string, unknown>
    if (!Object.hasOwn(problems, String(code))) return [`unknown code ${code}`]
    if (said !== status) return [`status ${status} says ${said}`]
    if (status >= 500 && !isSaid5xx(code)) return [`status ${status} ${code}`]
    const isWhole = [title, detail, instance].every((part) => typeof part === 'string' && part !== '')
    return isWhole ? [] : ['a problem document that lacks a member']
  } catch {
    return ['a problem document that is no JSON']
  }
}
