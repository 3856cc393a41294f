import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

export interface TurnstileServer {
  /** The settings of a service that asks it. */
  settings: { TURNSTILE_SITE_KEY: string; TURNSTILE_SECRET_KEY: string; TURNSTILE_VERIFY_URL: string }
  /** The forms that it was sent. */
  asked: Record<string, string>[]
  /** Answers so from now on. */
  answerWith: (answer: Answer) => void
  stop: () => void
}

type Answer = (response: ServerResponse) => void

/** What Cloudflare answers to a token that is good, or is not. */
export function verdict(success: boolean, ...codes: string[]): Answer {
  return (response) =>
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ success, 'error-codes': codes, hostname: 'localhost' }))
}

/** A Turnstile for the test that is running; at first every token is good. */
export async function startTurnstile(): Promise<TurnstileServer> {
  const asked: Record<string, string>[] = []
  let answer = verdict(true)
  const server = createServer(async (request, response) => {
    asked.push(Object.fromEntries(new URLSearchParams(await text(request))))
    answer(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stop = () => {
    server.closeAllConnections()
    server.close()
  }
  onTestFinished(stop)
  return {
    settings: {
      TURNSTILE_SITE_KEY: '0x-site',
      TURNSTILE_SECRET_KEY: '0x-hunter2',
      TURNSTILE_VERIFY_URL: `http://127.0.0.1:${port}/siteverify`,
    },
    asked,
    answerWith(next) {
      answer = next
    },
    stop,
  }
}
