import type { Operation } from '../operation.ts'

/** The operation that answers, and what its path holds. */
export interface Found {
  operation: Operation
  path: Record<string, string>
}

/** Finds the operation of a method and a path; `/v1/invoices/create_preview` goes before `/v1/invoices/:id`. */
export function makeRoutes(operations: Operation[]): (method: string, path: string) => Found | undefined {
  const routes = operations
    .map((operation) => ({ operation, segments: operation.path.split('/') }))
    .sort((one, other) => parametersOf(one.segments) - parametersOf(other.segments))
  return (method, path) => {
    const given = path.split('/')
    for (const { operation, segments } of routes) {
      const found = operation.method === method && matchSegments(segments, given)
      if (found && !isSearch(segments, given)) return { operation, path: found }
    }
    return undefined
  }
}

/** Searches have paths that look like those of objects: https://docs.stripe.com/search */
const isSearch = (pattern: string[], given: string[]) =>
  given.at(-1) === 'search' && pattern.at(-1) !== 'search'

/** What the segments that begin with a colon stand for; undefined where another segment differs. */
export function matchSegments(pattern: string[], given: string[]): Record<string, string> | undefined {
  if (pattern.length !== given.length) return undefined
  const found: Record<string, string> = {}
  for (const [place, segment] of pattern.entries()) {
    const value = given[place] ?? ''
    if (segment.startsWith(':') && value !== '') found[segment.slice(1)] = decode(value)
    else if (segment !== value) return undefined
  }
  return found
}

const parametersOf = (segments: string[]) => segments.filter((segment) => segment.startsWith(':')).length

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
