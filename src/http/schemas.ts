import Type, { type Static, type TSchema } from 'typebox'

/** Schemas that openapi.json names in its components, so that clients get one type for each. */
export const sharedSchemas: TSchema[] = []

/** Gives a schema a name in openapi.json and returns a reference to it. */
export function named<S extends TSchema>(name: string, schema: S) {
  sharedSchemas.push({ ...schema, $id: name })
  return Type.Unsafe<Static<S>>({ $ref: `${name}#` })
}

/** What we send to others of our own accord: openapi.json lists it under `webhooks`. */
export const sharedWebhooks: Record<string, object> = {}

/** Lists an event in openapi.json, and returns the schema of its body. */
export function sent<S extends TSchema>(type: string, summary: string, body: S): S {
  const content = { 'application/json': { schema: body } }
  sharedWebhooks[type] = {
    post: {
      summary,
      requestBody: { required: true, content },
      responses: { '2XX': { description: 'Received. Anything else is tried again.' } },
    },
  }
  return body
}

export const Uuid = Type.String({ format: 'uuid' })
/** RFC 3339 in UTC. */
export const Instant = Type.String({ format: 'date-time' })
export const Nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])
/** An object that refuses fields it does not know. */
export const Fields = <P extends Type.TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false })

/** RFC 9457 with the stable `code`; a code's own members come beside these. */
named(
  'Problem',
  Type.Object(
    {
      type: Type.String({ description: 'Path of the page about this code.' }),
      title: Type.String(),
      status: Type.Integer(),
      code: Type.String({ description: 'Stable name of what went wrong.' }),
      detail: Type.String(),
      instance: Type.String({ description: 'The request id.' }),
    },
    { additionalProperties: true },
  ),
)

/** A success that is a file of this media type. */
export function fileOf(mediaTypes: string | string[], description: string) {
  const schema = { type: 'string', format: 'binary' }
  const content = Object.fromEntries([mediaTypes].flat().map((mediaType) => [mediaType, { schema }]))
  return Type.Unsafe<string>({ description, content })
}

/** A page of a list and how to get the next one. */
export function pageOf<S extends TSchema>(item: S) {
  return Type.Object({ data: Type.Array(item), next_cursor: Nullable(Type.String()) })
}

/** The query of a list. */
export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50 })),
  cursor: Type.Optional(Type.String({ maxLength: 200 })),
}
