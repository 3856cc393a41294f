import { createClient, type FrontgateClient } from '@frontgate/client'
import { onTestFinished, vi } from 'vitest'
import { CookieJar } from './browser.ts'

/** What a test does to the calls of a browser on their way. */
interface Road {
  /** Before a call is sent. */
  go?: (path: string) => Promise<void> | void
  /** When its answer has come, before the page sees anything of it. */
  comeBack?: (path: string) => Promise<void> | void
}

/** A browser whose tabs show pages of one product: they have one jar of cookies, and each a client of its own. */
export class Tabs {
  readonly cookies = new CookieJar()
  /** Every call that was sent, as `POST /v1/auth/login`. */
  readonly asked: string[] = []
  road: Road = {}
  readonly #url: string

  constructor(url: string) {
    this.#url = url
    // What makes clients look for those of other tabs.
    vi.stubGlobal('location', new URL('http://localhost:5173/page'))
    onTestFinished(() => void vi.unstubAllGlobals())
  }

  open(): FrontgateClient {
    const client = createClient({ url: this.#url, fetch: this.fetch })
    onTestFinished(() => client.close())
    return client
  }

  get refreshes(): number {
    return this.asked.filter((call) => call === 'POST /v1/auth/refresh').length
  }

  /** What the pages of this browser make their calls with. */
  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    const url = new URL(request.url)
    await this.road.go?.(url.pathname)
    const cookie = request.credentials === 'include' ? this.cookies.headerFor(url) : ''
    if (cookie) request.headers.set('cookie', cookie)
    this.asked.push(`${request.method} ${url.pathname}`)
    const response = await fetch(request)
    await this.road.comeBack?.(url.pathname)
    // As a browser does with the answer to a call that was given up.
    if (request.signal.aborted) throw request.signal.reason
    this.cookies.take(url, response.headers.getSetCookie())
    return response
  }
}
