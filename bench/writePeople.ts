import { once } from 'node:events'
import { createWriteStream } from 'node:fs'

/** What a file of people is to hold. */
export interface People {
  users: number
  /** How many share an account; the first of them owns it. */
  perAccount?: number
  /** What everybody's password is hashed to; without it, each has a hash of their own that nobody knows the password of. */
  passwordHash?: string
}

const HASH_LETTERS = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const BEGIN = Date.UTC(2020, 0, 1)
const MINUTE = 60_000

/** The address of a person by their number, counted from zero. */
export const addressOf = (n: number) => `person.${n.toString(36)}@company-${n % 9973}.example`

/** Writes a file for `frontgate import`, the same each time: each account goes before its people. */
export async function writePeople(
  file: string,
  { users, perAccount = 5, passwordHash }: People,
): Promise<void> {
  const out = createWriteStream(file, { highWaterMark: 1 << 20 })
  for (let n = 0; n < users; n++) {
    const account = Math.floor(n / perAccount)
    const created_at = new Date(BEGIN + n * MINUTE).toISOString()
    const isFirst = n % perAccount === 0
    const lines = isFirst
      ? `${JSON.stringify({ type: 'account', id: `acc_${account}`, name: `Company ${account}`, created_at })}\n`
      : ''
    const user = {
      type: 'user',
      id: `usr_${n}`,
      email: addressOf(n),
      email_verified: n % 10 !== 9,
      name: `Person ${n}`,
      password_hash: passwordHash ?? hashOf(n),
      created_at,
      members: [{ account: `acc_${account}`, role: isFirst ? 'owner' : 'member' }],
    }
    if (!out.write(`${lines}${JSON.stringify(user)}\n`)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'finish')
}

/** A bcrypt hash as others have them, of no password that anybody knows. */
function hashOf(n: number): string {
  let state = (n + 1) * 2_654_435_761
  let letters = ''
  for (let i = 0; i < 53; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    letters += HASH_LETTERS[state >>> 26]
  }
  return `$2b$10$${letters}`
}
