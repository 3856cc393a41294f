import { networkOf } from '../http/origin.ts'
import type { Limit } from '../limits/limiter.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE

/** How often a mail may be asked for: per address, and per network that asks. */
export function mailLimits(
  route: 'forgot' | 'resend' | 'first' | 'email-change',
  email: string,
  ip: string | null,
): Limit[] {
  return [
    { key: `${route} minute ${email}`, most: 1, windowSeconds: MINUTE },
    { key: `${route} hour ${email}`, most: 5, windowSeconds: HOUR },
    { key: `${route} ip ${networkOf(ip ?? '')}`, most: 20, windowSeconds: HOUR },
  ]
}

/** How often a change of address may be asked for: per new address, per network, and per user. */
export function emailChangeLimits(newEmail: string, userId: string, ip: string | null): Limit[] {
  const perUser = { key: `email-change user ${userId}`, most: 5, windowSeconds: HOUR }
  return [...mailLimits('email-change', newEmail, ip), perUser]
}

/**
 * How often a link that signs an operator in may be asked for. Whoever knows the address of one uses up what their own network
 * may ask, not what the operator's may; only the cap on what a mailbox gets is for all of them together.
 */
export function operatorLinkLimits(email: string, ip: string | null): Limit[] {
  const network = networkOf(ip ?? '')
  return [
    { key: `operator minute ${network} ${email}`, most: 1, windowSeconds: MINUTE },
    { key: `operator hour ${network} ${email}`, most: 5, windowSeconds: HOUR },
    { key: `operator hour ${email}`, most: 30, windowSeconds: HOUR },
    { key: `operator ip ${network}`, most: 20, windowSeconds: HOUR },
  ]
}

/** Wrong second factors of one operator, and of one challenge: whoever gets so far reads their mail. */
export function operatorFactorLimits(operatorId: string, challengeId: string | null): Limit[] {
  const key = `operator second-factor ${operatorId}`
  return [
    { key: `${key} quarter`, most: 10, windowSeconds: 15 * MINUTE },
    { key: `${key} day`, most: 30, windowSeconds: 24 * HOUR },
    ...(challengeId === null ? [] : [{ key: `${key} ${challengeId}`, most: 5, windowSeconds: 15 * MINUTE }]),
  ]
}

/** Failed sign-ins, per address and per network. */
export function signInLimits(email: string, ip: string | null): Limit[] {
  return [
    { key: `sign-in ${email}`, most: 10, windowSeconds: 15 * MINUTE },
    { key: `sign-in ip ${networkOf(ip ?? '')}`, most: 50, windowSeconds: 15 * MINUTE },
  ]
}

/** Failed sign-ins as a user from a device that signed in as them before: a count that strangers cannot use up. */
export function deviceLimits(deviceId: string, userId: string): Limit[] {
  return [{ key: `sign-in device ${deviceId} ${userId}`, most: 10, windowSeconds: 15 * MINUTE }]
}

/** Wrong passwords of someone who is signed in. */
export function passwordLimits(userId: string): Limit[] {
  return [{ key: `password ${userId}`, most: 10, windowSeconds: 15 * MINUTE }]
}

/** Wrong second factors of one sign-in. */
export function challengeLimits(challengeId: string): Limit[] {
  return [{ key: `second-factor challenge ${challengeId}`, most: 5, windowSeconds: 15 * MINUTE }]
}

/**
 * Wrong second factors of one user. Whoever knows their password uses up what strangers may try, also in the long run, not what a
 * device may in which one was proved before.
 */
export function secondFactorLimits(userId: string, device: { deviceId: string } | null): Limit[] {
  if (device) {
    const key = `second-factor device ${device.deviceId} ${userId}`
    return [{ key, most: 10, windowSeconds: 15 * MINUTE }]
  }
  const key = `second-factor ${userId}`
  return [
    { key, most: 10, windowSeconds: 15 * MINUTE },
    { key: `${key} day`, most: 30, windowSeconds: 24 * HOUR },
  ]
}

/** Mails that say that somebody's second factor was asked for and not proved. */
export function refusalNoticeLimits(userId: string): Limit[] {
  return [{ key: `second-factor told ${userId}`, most: 1, windowSeconds: 24 * HOUR }]
}

/** Wrong codes of somebody who is signed in: their own count, which nobody else can use up. */
export function sessionProofLimits(userId: string): Limit[] {
  return [{ key: `second-factor session ${userId}`, most: 10, windowSeconds: 15 * MINUTE }]
}

/** New registrations per network. */
export function registrationLimits(mostPerHour: number, ip: string | null): Limit[] {
  if (mostPerHour === 0) return []
  return [{ key: `register ip ${networkOf(ip ?? '')}`, most: mostPerHour, windowSeconds: HOUR }]
}

/** Ways to Google and Microsoft that begin in one network: each is a row, and an office may share an address. */
export function flowLimits(ip: string | null): Limit[] {
  return [{ key: `oauth ip ${networkOf(ip ?? '')}`, most: 300, windowSeconds: 15 * MINUTE }]
}

/** New accounts of someone who is signed in: each may ask things of Stripe. */
export function accountLimits(userId: string): Limit[] {
  return [{ key: `account ${userId}`, most: 20, windowSeconds: HOUR }]
}

/** Exports of what is known of someone, or of their account: each reads all of it. */
export function exportLimits(userId: string): Limit[] {
  return [{ key: `export ${userId}`, most: 5, windowSeconds: HOUR }]
}

/** Mails that an account sends to people it invites, so many of them at once. */
export function inviteLimits(accountId: string, mails = 1): Limit[] {
  return [{ key: `invite ${accountId}`, most: 100, windowSeconds: HOUR, points: mails }]
}
