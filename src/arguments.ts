import { InvalidArgumentError } from 'commander'
import { validate as isUuid } from 'uuid'
import { normaliseAddress } from './mail/addresses.ts'

/** An e-mail address as it is stored. */
export function readAddress(typed: string): string {
  const email = normaliseAddress(typed)
  if (!email) throw new InvalidArgumentError('That is not an e-mail address.')
  return email
}

const DAY_OR_INSTANT = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/

/** A day, which begins at midnight UTC, or an instant with its offset. */
export function readInstant(typed: string): Date {
  const instant = new Date(typed)
  const [, day = ''] = DAY_OR_INSTANT.exec(typed) ?? []
  // Date reads the 30th of February as the 2nd of March.
  const isInCalendar = new Date(day).getUTCDate() === Number(day.slice(-2))
  if (Number.isNaN(instant.getTime()) || !isInCalendar) {
    throw new InvalidArgumentError('Write a day as 2026-07-01, or an instant as 2026-07-01T12:00:00Z.')
  }
  return instant
}

/** The id of something, as lists show it. */
export function readId(typed: string): string {
  if (!isUuid(typed)) throw new InvalidArgumentError('That is not an id.')
  return typed
}

const MOST_OF_A_NAME = 200

/** What something is called, on one line. */
export function readName(typed: string): string {
  const name = typed.trim()
  if (name.length === 0 || name.length > MOST_OF_A_NAME || /\p{Cc}|\p{Zl}|\p{Zp}/u.test(name)) {
    throw new InvalidArgumentError(`Give a name of up to ${MOST_OF_A_NAME} characters, on one line.`)
  }
  return name
}

const MOST_OF_A_REASON = 500

/** Why something is done, in words that somebody will read later. */
export function readReason(typed: string): string {
  const reason = typed.trim()
  if (reason.length === 0 || reason.length > MOST_OF_A_REASON) {
    throw new InvalidArgumentError(`Give a reason of up to ${MOST_OF_A_REASON} characters.`)
  }
  return reason
}
