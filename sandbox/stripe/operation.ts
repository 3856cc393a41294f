import type { Static, TSchema } from 'typebox'
import type { Moment } from './world.ts'

/** One operation of Stripe's API. Parameters it does not name are refused as unknown. */
export interface Operation<P extends TSchema = TSchema, Path = Record<string, string>> {
  method: 'GET' | 'POST' | 'DELETE'
  /** As in Stripe's reference: `/v1/subscriptions/:id`. */
  path: string
  /** What it takes beside `expand`, as an object schema; numbers and booleans arrive as text and are converted. */
  params: P
  /** Answers with the object, unexpanded: ids where Stripe has ids. Runs inside one change of the store. */
  handle: (world: Moment, params: Static<P>, path: Path) => object
}

/** The parts of a path that begin with a colon: `{ id: string }` of `/v1/subscriptions/:id`. */
type PathParams<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? { [K in Name]: string } & PathParams<Rest>
  : Path extends `${string}:${infer Name}`
    ? { [K in Name]: string }
    : Record<never, string>

/** Only so that `handle` knows its parameters by their schema, and those of the path by the path. */
export function operation<P extends TSchema, Path extends string>(
  given: Operation<P, PathParams<Path>> & { path: Path },
): Operation {
  return given as unknown as Operation
}
