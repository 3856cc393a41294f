import { Type } from 'typebox'

/** The id of a row. The usual format of that name would let `urn:uuid:…` pass, which the database does not read. */
export const Uuid = Type.String({ pattern: '^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$' })

/** The parameters of a path that ends in an id. */
export const idParams = Type.Object({ id: Uuid })
export interface ById {
  Params: { id: string }
}
