import Type from 'typebox'
import { normaliseAddress } from '../mail/addresses.ts'
import { problem } from '../problems.ts'

export const Email = Type.String({ maxLength: 320 })

/** The longest a password may be on the wire: 256 characters of four bytes, escaped. */
export const Password = Type.String({ maxLength: 4096 })

/** What a person or an account is called: something to read on one line, since mails and lists show it. */
export const DisplayName = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: '^(?=.*\\S)[^\\u0000-\\u001f\\u007f\\u2028\\u2029]+$',
})

export const MailedTokenText = Type.String({ minLength: 1, maxLength: 200 })
export const RefreshTokenText = Type.String({ minLength: 1, maxLength: 200 })

/** Normalises the address of a request body, or refuses it with its pointer. */
export function addressOf(typed: string): string {
  const email = normaliseAddress(typed)
  if (!email)
    throw problem('invalid-request', { errors: [{ pointer: '#/email', detail: 'is not an e-mail address' }] })
  return email
}
