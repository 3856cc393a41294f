import Type from 'typebox'

/** A filter by instant: one second, or `[gt]`, `[gte]`, `[lt]`, `[lte]`. */
export const rangeParam = Type.Optional(
  Type.Union([
    Type.Integer(),
    Type.Object({
      gt: Type.Optional(Type.Integer()),
      gte: Type.Optional(Type.Integer()),
      lt: Type.Optional(Type.Integer()),
      lte: Type.Optional(Type.Integer()),
    }),
  ]),
)

export type Range = number | { gt?: number; gte?: number; lt?: number; lte?: number } | undefined

/** Whether the instant is within; everything is within an absent range. */
export function isWithin(range: Range, seconds: number): boolean {
  if (range === undefined) return true
  if (typeof range === 'number') return seconds === range
  const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = range
  return seconds > gt && seconds >= gte && seconds < lt && seconds <= lte
}
