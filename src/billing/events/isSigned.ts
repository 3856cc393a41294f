import type { Secret } from '../../config.ts'
import { loadStripe } from '../../stripe/openStripe.ts'

/** How old a signature may be, and how far ahead of our clock: https://docs.stripe.com/webhooks/signature */
const TOLERANCE_SECONDS = 300

/**
 * Whether one of the secrets signed exactly these bytes, not longer ago than five minutes. Stripe's SDK checks the
 * age only, so a time ahead of ours is refused here.
 */
export async function isSigned(body: Buffer, header: string, secrets: Secret[], at: Date): Promise<boolean> {
  const { webhooks } = await loadStripe()
  const signedAt = Number(/(?:^|,)t=(\d+)/.exec(header)?.[1])
  if (!(signedAt - at.getTime() / 1000 <= TOLERANCE_SECONDS)) return false
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
