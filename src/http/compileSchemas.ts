import Ajv from 'ajv'
import addFormats from 'ajv-formats'
import fastJsonStringify from 'fast-json-stringify'
import type { FastifyInstance, FastifySchemaValidationError } from 'fastify'
import type { TSchema } from 'typebox'
import { sharedSchemas } from './schemas.ts'

/**
 * Checks requests and writes replies by their schemas. Compiling all of them took most of a start, so each is
 * compiled with the first request that needs it.
 */
export function compileSchemas(server: FastifyInstance): void {
  const strict = makeValidator(false)
  // Everything in a path or a query is text, so only there numbers and booleans are read from it.
  const coercing = makeValidator('array')
  server.setValidatorCompiler(({ schema, httpPart }) => {
    const compile = once(() => (httpPart === 'body' ? strict : coercing)().compile(schema))
    const validate = (data: unknown) => {
      const compiled = compile()
      if (compiled(data)) return true
      validate.errors = compiled.errors as FastifySchemaValidationError[]
      return false
    }
    validate.errors = null as FastifySchemaValidationError[] | null
    return validate
  })
  const externals = Object.fromEntries(
    sharedSchemas.map((schema: TSchema & { $id?: string }) => [schema.$id, schema]),
  )
  server.setSerializerCompiler(({ schema }) => {
    const compile = once(() => fastJsonStringify(schema, { schema: externals }))
    return (data) => compile()(data as object)
  })
}

/** As PostgreSQL reads it: the format of ajv-formats takes URNs too. */
const PLAIN_UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

function makeValidator(coerceTypes: false | 'array'): () => Ajv.Ajv {
  return once(() => {
    const ajv = addFormats.default(new Ajv.Ajv({ allErrors: true, coerceTypes, useDefaults: true }))
    ajv.addFormat('uuid', PLAIN_UUID)
    for (const schema of sharedSchemas) ajv.addSchema(schema)
    return ajv
  })
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}
