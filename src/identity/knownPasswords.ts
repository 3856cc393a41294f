import { createHash } from 'node:crypto'
import type { App } from '../app.ts'
import { problem } from '../problems.ts'
import { observedFetch } from '../tracing/callOut.ts'
import { judgePassword } from './rules.ts'

const RANGE_TIMEOUT_MS = 1500
const PREFIX_LENGTH = 5

/** Throws `weak-password` for one that is too short, too long, too like the address, common or breached. */
export async function refuseWeakPassword(app: App, password: string, email: string): Promise<void> {
  const minLength = app.config.passwordMinLength
  const fault = judgePassword(password, email, minLength) ?? (await whyKnown(app, password))
  if (fault) throw problem('weak-password', { reason: fault, min_length: minLength })
}

async function whyKnown(app: App, password: string): Promise<'common' | 'breached' | null> {
  if ((await commonPasswords()).has(password.toLowerCase())) return 'common'
  return (await isBreached(app, password)) ? 'breached' : null
}

let common: Promise<Set<string>> | undefined

/** The shipped list, read with the first password that is chosen. */
function commonPasswords(): Promise<Set<string>> {
  common ??= import('@zxcvbn-ts/language-common').then(
    ({ dictionary }) => new Set(dictionary['passwords-common'] as string[]),
  )
  return common
}

/** Asks the range service with five digits of the hash; where it cannot be reached the shipped list stands alone. */
async function isBreached({ config, log, metrics }: App, password: string): Promise<boolean> {
  if (!config.breachedPasswordsUrl) return false
  const digest = createHash('sha1').update(password).digest('hex').toUpperCase()
  try {
    const ask = observedFetch(metrics, 'breached-passwords', fetch)
    const reply = await ask(new URL(digest.slice(0, PREFIX_LENGTH), config.breachedPasswordsUrl), {
      headers: { 'add-padding': 'true' },
      signal: AbortSignal.timeout(RANGE_TIMEOUT_MS),
    })
    if (!reply.ok) throw new Error(`It answered ${reply.status}`)
    // A padded line has the count 0.
    return (await reply.text()).split('\n').some((line) => {
      const [suffix, count] = line.trim().split(':')
      return suffix === digest.slice(PREFIX_LENGTH) && count !== '0'
    })
  } catch (error) {
    log.warn(
      { error },
      'the range service for breached passwords did not answer; only the shipped list was asked',
    )
    return false
  }
}
