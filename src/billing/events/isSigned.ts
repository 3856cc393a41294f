import { isUtf8 } from 'node:buffer'
import type { Secret } from '../../config.ts'
import { loadStripe } from '../../stripe/openStripe.ts'

/** How old a signature may be, and how far ahead of our clock: https://docs.stripe.com/webhooks/signature */
const TOLERANCE_SECONDS = 300

/**
 * The header of a signature that may be right, before any byte is read: one time, not five minutes away, and signatures.
 * Stripe's SDK checks the age only, so a time ahead of ours is refused here; of several times it would take the last.
 */
export function readSignature(header: unknown, at: Date): string | null {
  if (typeof header !== 'string' || !/(?:^|,)v1=[0-9a-f]{64}(?:,|$)/.test(header)) return null
  const times = header.match(/(?:^|,)\s*t=/g) ?? []
  const signedAt = Number(/(?:^|,)t=(\d+)(?:,|$)/.exec(header)?.[1])
  const isNear = Math.abs(signedAt - at.getTime() / 1000) <= TOLERANCE_SECONDS
  return times.length === 1 && isNear ? header : null
}

/** Whether one of the secrets signed exactly these bytes; `header` is one that `readSignature` let through. */
export async function isSigned(body: Buffer, header: string, secrets: Secret[], at: Date): Promise<boolean> {
  // The SDK signs text: bytes that are none would be taken for others.
  if (!isUtf8(body)) return false
  const { webhooks } = await loadStripe()
  return secrets.some((secret) => {
    try {
      return (
        webhooks.signature?.verifyHeader(
          body,
          header,
          secret.reveal(),
          TOLERANCE_SECONDS,
          undefined,
          at.getTime(),
        ) === true
      )
    } catch {
      return false
    }
  })
}
