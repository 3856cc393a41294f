import { createParser } from 'eventsource-parser'
import type { Log } from '../gate.ts'

const SILENCE_MS = 3_000
const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 5_000

interface Following {
  url: string
  productKey: string
  fetch: typeof fetch
  log: Log
  /** What these name has changed. */
  onChanged: (subjects: string[]) => void
  /** Everything that was committed before about `at`, milliseconds of the service's clock, has been told. */
  onMark: (at: number) => void
  /** Something may have been missed. */
  onReset: () => void
  /** It is not followed for now, and why; it is taken up again. */
  onBroken: (error: unknown) => void
}

/**
 * Follows the service's stream of changes until it is told to stop: comes back after a break where it left off, and takes a
 * stream that says nothing for three seconds for broken, since the service says something each second.
 */
export function followChanges(following: Following): { close: () => void } {
  const closing = new AbortController()
  void follow(following, closing.signal)
  return { close: () => closing.abort() }
}

async function follow(following: Following, closing: AbortSignal): Promise<void> {
  const position = { cursor: '' }
  let failures = 0
  while (!closing.aborted) {
    let isAlive = false
    await listen(following, position, closing, () => {
      isAlive = true
    }).catch((error: unknown) => {
      if (closing.aborted) return
      following.onBroken(error)
      following.log('the stream of changes broke', { error: String(error) })
    })
    failures = isAlive ? 0 : failures + 1
    const retry = Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS)
    // Products that were all thrown out at once should not all come back at once.
    await pause(retry * (0.5 + Math.random() / 2), closing)
  }
}

async function listen(
  { url, productKey, fetch, onChanged, onMark, onReset }: Following,
  position: { cursor: string },
  closing: AbortSignal,
  onAlive: () => void,
): Promise<void> {
  const silence = new AbortController()
  let timer = startTimer(silence)
  const stop = () => silence.abort(closing.reason)
  closing.addEventListener('abort', stop)
  try {
    const reply = await fetch(`${url}/v1/changes`, {
      headers: {
        accept: 'text/event-stream',
        authorization: `Bearer ${productKey}`,
        ...(position.cursor && { 'last-event-id': position.cursor }),
      },
      signal: silence.signal,
    })
    if (!reply.ok || !reply.body) {
      void reply.body?.cancel()
      const isKeyRefused = reply.status === 401 || reply.status === 403
      const hint = isKeyRefused ? ': it takes a product key with the scope entitlements:read' : ''
      throw new Error(`${url}/v1/changes answered ${reply.status}${hint}`)
    }
    // The cursor it gave belongs to what it says next.
    if (position.cursor === '') onReset()
    const parser = createParser({
      onEvent({ event, id, data }) {
        onAlive()
        if (event === 'reset') onReset()
        if (event === 'changes') onChanged(JSON.parse(data).subjects)
        // Only once it is acted on: what throws here is told again.
        if (id !== undefined) position.cursor = id
        if (event === 'mark') onMark(Date.parse(JSON.parse(data).at))
      },
    })
    const decoder = new TextDecoder()
    for await (const chunk of reply.body as unknown as AsyncIterable<Uint8Array>) {
      clearTimeout(timer)
      timer = startTimer(silence)
      parser.feed(decoder.decode(chunk, { stream: true }))
    }
    throw new Error('The service ended the stream')
  } finally {
    clearTimeout(timer)
    closing.removeEventListener('abort', stop)
    silence.abort()
  }
}

function startTimer(silence: AbortController): ReturnType<typeof setTimeout> {
  const timer = setTimeout(() => silence.abort(new Error('The stream fell silent')), SILENCE_MS)
  timer.unref?.()
  return timer
}

function pause(ms: number, closing: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      closing.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, ms)
    timer.unref?.()
    closing.addEventListener('abort', wake)
  })
}
