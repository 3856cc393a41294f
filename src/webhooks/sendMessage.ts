import { Webhook } from 'standardwebhooks'

/** A message as it goes out. */
export interface Outgoing {
  url: string
  messageId: string
  body: string
  /** `whsec_` and base64: each signs. */
  secrets: string[]
  /** By the clock of those who receive it. */
  sentAt: Date
  agent: string
}

/** What came of it. Of the answer nothing is kept but its status and, for the next attempt, how long it asks to wait. */
export interface Answer {
  outcome: 'delivered' | 'refused' | 'timeout' | 'unreachable' | 'unsigned'
  status: number | null
  askedSeconds: number
}

const ANSWER_WITHIN_MS = 15_000

/**
 * Posts a message as Standard Webhooks says, and waits for the status of the answer: any 2xx is a success. Redirects are not
 * followed, and the body of the answer is not read.
 */
export async function sendMessage(
  { url, messageId, body, secrets, sentAt, agent }: Outgoing,
  { answerWithinMs = ANSWER_WITHIN_MS, fetch = globalThis.fetch } = {},
): Promise<Answer> {
  const signatures = secrets.map((secret) => new Webhook(secret).sign(messageId, sentAt, body))
  try {
    const reply = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': agent,
        'webhook-id': messageId,
        'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
        'webhook-signature': signatures.join(' '),
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(answerWithinMs),
    })
    await reply.body?.cancel().catch(() => undefined)
    const { ok, status, headers } = reply
    return {
      outcome: ok ? 'delivered' : 'refused',
      status,
      askedSeconds: secondsIn(headers.get('retry-after')),
    }
  } catch (error) {
    const isLate = error instanceof DOMException && error.name === 'TimeoutError'
    return { outcome: isLate ? 'timeout' : 'unreachable', status: null, askedSeconds: 0 }
  }
}

/** Dates are not taken: endpoints that ask to be left alone for a while say for how long. */
function secondsIn(retryAfter: string | null): number {
  return retryAfter !== null && /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) : 0
}
