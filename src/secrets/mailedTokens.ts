import { createHash, createHmac } from 'node:crypto'
import type { Secret } from '../config.ts'

/** What a mailed token opens; a token for one purpose is nothing for another. */
export type TokenPurpose =
  | 'verify-email'
  | 'reset-password'
  | 'first-password'
  | 'confirm-old-email'
  | 'confirm-new-email'
  | 'undo-email-change'
  | 'invite'
  | 'operator-sign-in'

/** A token that a mail job can make again: its id is stored, its hash is stored, the token itself never is. */
export interface MailedToken {
  purpose: TokenPurpose
  id: string
  /** SHA-256 of the token, base64url. */
  hash: string
}

/** Makes the token of a row: 256 bits that only a holder of the secret can derive from the row's id. */
export function mintToken(secrets: readonly Secret[], purpose: TokenPurpose, id: string): MailedToken {
  const [first] = secrets
  if (!first) throw new Error('No secret to mint tokens with')
  return { purpose, id, hash: hashToken(derive(first, purpose, id)).toString('base64url') }
}

/** The token itself, for the mail. Derived when it is sent, so that neither a job nor a row ever holds it. */
export function revealToken(secrets: readonly Secret[], { purpose, id, hash }: MailedToken): string {
  for (const secret of secrets) {
    const token = derive(secret, purpose, id)
    if (hashToken(token).toString('base64url') === hash) return token
  }
  throw new Error(`The secret that token ${id} was minted with is no longer in SECRET`)
}

/** What is stored of a token. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function derive(secret: Secret, purpose: TokenPurpose, id: string): string {
  return createHmac('sha256', secret.reveal()).update(`mailed-token\0${purpose}\0${id}`).digest('base64url')
}
