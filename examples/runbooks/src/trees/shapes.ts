import { type Static, Type } from 'typebox'

const text = Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' })
const detail = Type.Optional(Type.String({ maxLength: 5_000 }))
const id = Type.String({ minLength: 1, maxLength: 60, pattern: '^[\\w-]+$' })
const strict = { additionalProperties: false }

const question = Type.Object(
  {
    id,
    kind: Type.Literal('question'),
    text,
    detail,
    answers: Type.Array(Type.Object({ text, to: id }, strict), { maxItems: 20 }),
  },
  strict,
)
const outcome = Type.Object({ id, kind: Type.Literal('outcome'), text, detail }, strict)

/** A tree as it is sent: of the right shape, not yet known to be whole. */
export const treeBody = Type.Object(
  { name: text, nodes: Type.Array(Type.Union([question, outcome]), { maxItems: 500 }) },
  strict,
)
/** A tree that replaces one: with the version that was edited, so that nobody overwrites what they have not seen. */
export const treeChange = Type.Object(
  { version: Type.Integer({ minimum: 1 }), name: treeBody.properties.name, nodes: treeBody.properties.nodes },
  strict,
)
export type TreeBody = Static<typeof treeBody>
export type TreeChange = Static<typeof treeChange>
