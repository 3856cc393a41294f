import Type from 'typebox'

/** Why somebody does something. It is kept as JSON, which PostgreSQL takes no half of a surrogate pair in. */
export const Reason = Type.String({
  minLength: 1,
  maxLength: 500,
  description: 'What concerns an account is in its export: write what its owners may read.',
  pattern: '^(?=[^]*\\S)[^\\ud800-\\udfff]*$',
})
