import { readFileSync } from 'node:fs'

/** One operation of openapi.json. */
export interface Operation {
  operationId: string
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  path: string
  summary?: string
  description?: string
  security?: Record<string, string[]>[]
  parameters: { name: string; in: 'path' | 'query' | 'header'; required: boolean; schema: Schema }[]
  body: Schema | null
  /** The codes of problems that it names. */
  refusals: string[]
  /** The schema of each reply by its status; null where it has no body. */
  replies: Record<string, Schema | null>
}

export type Schema = Record<string, unknown> & {
  type?: string
  properties?: Record<string, Schema>
  required?: string[]
}

interface Described {
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, { description?: string; content?: Record<string, { schema: Schema }> }>
}

/** openapi.json as it is committed; a test of its own sees to it that it is what the server says. */
export const openapi = JSON.parse(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8')) as {
  openapi: string
  info: { title: string; version: string }
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, object> }
  paths: Record<string, Record<string, Omit<Operation, 'method' | 'path'> & Described>>
}

/** Every operation of the contract. */
export const operations: Operation[] = Object.entries(openapi.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { requestBody, responses, parameters = [], ...rest }]) => ({
    ...rest,
    method: method.toUpperCase() as Operation['method'],
    path,
    parameters,
    body: requestBody?.content['application/json']?.schema ?? null,
    refusals: [...(responses.default?.description ?? '').matchAll(/`([a-z-]+)`/g)].map(([, code]) =>
      String(code),
    ),
    replies: Object.fromEntries(
      Object.entries(responses).map(([status, { content }]) => [
        status,
        // What is no JSON has no fields to compare.
        Object.entries(content ?? {}).find(([type]) => /[/+]json$/.test(type))?.[1].schema ?? null,
      ]),
    ),
  })),
)
