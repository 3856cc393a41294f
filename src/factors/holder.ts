/** Who has a factor: a user, or an operator. */
export interface Holder {
  kind: 'user' | 'operator'
  id: string
}

/** The column that names a holder of this kind, in each of the tables. */
export function columnOf({ kind }: Holder): 'user_id' | 'operator_id' {
  return kind === 'user' ? 'user_id' : 'operator_id'
}

/** What names the holder in a row of theirs. */
export function namedIn({ kind, id }: Holder): { user_id: string | null; operator_id: string | null } {
  return { user_id: kind === 'user' ? id : null, operator_id: kind === 'operator' ? id : null }
}
