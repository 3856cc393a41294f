import type { SessionFacts } from '../access/snapshot.ts'

/** How long the predecessor of the current refresh token still gets the same successor: a lost reply, a second tab. */
export const ROTATION_GRACE_SECONDS = 15

export type RefreshVerdict =
  /** The current token: rotate. */
  | { kind: 'rotate' }
  /** Its immediate predecessor, just rotated: hand out the same successor again. */
  | { kind: 'repeat' }
  /** Any other token of this session: it was copied. */
  | { kind: 'reuse' }
  | { kind: 'ended' }

/** Whether a session is neither revoked nor over at `at`. */
export function isLive(
  { revokedAt, expiresAt, idleExpiresAt }: Pick<SessionFacts, 'revokedAt' | 'expiresAt' | 'idleExpiresAt'>,
  at: Date,
): boolean {
  return revokedAt === null && at < expiresAt && at < idleExpiresAt
}

/** What becomes of a refresh token of `generation`, held against its session (RFC 9700, 4.14.2). */
export function decideRefresh(session: SessionFacts, generation: number, at: Date): RefreshVerdict {
  if (!isLive(session, at)) return { kind: 'ended' }
  if (generation === session.generation) return { kind: 'rotate' }
  const graceEnd = session.rotatedAt.getTime() + ROTATION_GRACE_SECONDS * 1000
  const isPredecessor = generation === session.generation - 1 && at.getTime() < graceEnd
  return { kind: isPredecessor ? 'repeat' : 'reuse' }
}

export interface MailedTokenFacts {
  usedAt: Date | null
  supersededAt: Date | null
  expiresAt: Date
}

/** Why a mailed token that cannot be used cannot be used. */
export function whyVoid(token: MailedTokenFacts): 'token-used' | 'token-superseded' | 'token-expired' {
  if (token.usedAt) return 'token-used'
  return token.supersededAt ? 'token-superseded' : 'token-expired'
}

/** Why a change of address came to nothing, or was taken back. */
export type EmailChangeEnd =
  | 'superseded'
  | 'refused'
  | 'undone'
  /** The session that asked for it has ended. */
  | 'session-over'
  /** The old address was proved while the change was pending, and had not been asked. */
  | 'address-proved'
  | 'new-password'
  | 'user-deleted'

export interface EmailChangeFacts {
  /** Whose link is presented: that of the old mailbox, of the new one, or the one that takes the change back. */
  side: 'old' | 'new' | 'undo'
  expiresAt: Date
  changedAt: Date | null
  undoUntil: Date | null
  endedBecause: EmailChangeEnd | null
}

/** Why a link of a change of address does nothing any more; null while it does. */
export function whyChangeIsOver(
  { side, expiresAt, changedAt, undoUntil, endedBecause }: EmailChangeFacts,
  at: Date,
): 'token-used' | 'token-superseded' | 'token-canceled' | 'token-expired' | null {
  if (side === 'undo' && endedBecause === 'undone') return 'token-used'
  if (endedBecause === 'superseded' || endedBecause === 'new-password') return 'token-superseded'
  if (endedBecause) return 'token-canceled'
  if (side !== 'undo' && changedAt) return 'token-used'
  const until = side === 'undo' ? undoUntil : expiresAt
  return until && at < until ? null : 'token-expired'
}

export type PasswordFault = 'too-short' | 'too-long' | 'like-address'

const LONGEST_PASSWORD = 256
const SHORTEST_TELLING_PART = 4

/** What is wrong with a password on its own; null when nothing is. Lengths are in characters. */
export function judgePassword(password: string, email: string, minLength: number): PasswordFault | null {
  const { length } = [...password]
  if (length < minLength) return 'too-short'
  if (length > LONGEST_PASSWORD) return 'too-long'
  return isLikeAddress(password, email) ? 'like-address' : null
}

function isLikeAddress(password: string, email: string): boolean {
  const plain = password.toLowerCase()
  if (email.includes(plain)) return true
  const [local = '', domain = ''] = email.split('@')
  const telling = [email, local, domain, domain.split('.')[0] ?? ''].filter(
    (part) => part.length >= SHORTEST_TELLING_PART,
  )
  // The part must be most of the password: a long sentence may well name the company.
  return telling.some((part) => plain.includes(part) && part.length * 2 >= plain.length)
}
