import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Secret } from '../config.ts'
import { hashToken, mintToken, revealToken } from './mailedTokens.ts'

const secret = new Secret('the-secret-of-this-service-0123456789')
const other = new Secret('the-secret-of-another-one-0123456789')
const ID = '019ca000-0000-7000-8000-000000000000'

describe('a mailed token', () => {
  test('can be made again from what is stored of it, always the same', () => {
    fc.assert(
      fc.property(
        fc.uuid(),
        fc.constantFrom('verify-email', 'reset-password', 'undo-email-change'),
        (id, purpose) => {
          const minted = mintToken([secret], purpose, id)
          const token = revealToken([secret], minted)
          expect(token).toMatch(/^[\w-]{43}$/)
          expect(revealToken([secret], minted)).toBe(token)
          expect(hashToken(token).toString('base64url')).toBe(minted.hash)
        },
      ),
    )
  })

  test('is not in what is stored of it', () => {
    const minted = mintToken([secret], 'verify-email', ID)
    expect(JSON.stringify(minted)).not.toContain(revealToken([secret], minted))
  })

  test('for one purpose, row or secret is another one for the next', () => {
    const hashes = [
      mintToken([secret], 'verify-email', ID),
      mintToken([secret], 'reset-password', ID),
      mintToken([secret], 'verify-email', '019ca000-0000-7000-8000-000000000001'),
      mintToken([other], 'verify-email', ID),
    ].map(({ hash }) => hash)
    expect(new Set(hashes).size).toBe(4)
  })

  test('is still mailed after a new secret was put in front, and not after its own was taken away', () => {
    const minted = mintToken([secret], 'reset-password', ID)
    expect(revealToken([other, secret], minted)).toBe(revealToken([secret], minted))
    expect(() => revealToken([other], minted)).toThrow(/SECRET/)
    expect(() => mintToken([], 'reset-password', ID)).toThrow()
  })
})
