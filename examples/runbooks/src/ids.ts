import { Type } from 'typebox'

/** The parameters of a path that ends in an id. */
export const idParams = Type.Object({ id: Type.String({ format: 'uuid' }) })
export interface ById {
  Params: { id: string }
}
