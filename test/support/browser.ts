import type { InjectOptions } from 'fastify'
import type { TestCall, TestReply } from './testApp.ts'

/** Where a browser ended up. */
export interface Page {
  url: string
  status: number
  text: string
  headers: Record<string, string>
  /** Every address on the way, this one last, as they were given. */
  hops: string[]
  /** The address that was not followed, where one was to be stopped before. */
  next: string | null
}

export interface Visit {
  /** Stops before an address that fits, and does not ask for it. */
  stopBefore?: RegExp
  headers?: Record<string, string>
}

interface World {
  /** The origin of the service, which is called directly. */
  serviceUrl: string
  call: (method: InjectOptions['method'], url: string, options?: TestCall) => Promise<TestReply>
  /** Where addresses of the world outside really are. */
  addressOf: (address: URL) => URL
  /** The address that the service sees. */
  from?: string
}

interface Request {
  method: 'GET' | 'POST'
  url: URL
  body?: URLSearchParams | undefined
  headers: Record<string, string>
}

interface Answer {
  status: number
  text: string
  headers: Record<string, string>
  setCookies: string[]
}

const MOST_HOPS = 20
const NAVIGATION = {
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'accept-language': 'en',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) TestBrowser/1.0',
  'upgrade-insecure-requests': '1',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-user': '?1',
}

/** A person's browser: it follows redirects and keeps cookies, and reads pages only as far as their forms. */
export class Browser {
  readonly cookies = new CookieJar()
  readonly #world: World
  #page: Page | undefined

  constructor(world: World) {
    this.#world = world
  }

  /** Goes to an address, as if it were typed in. */
  open(address: string, visit: Visit = {}): Promise<Page> {
    const headers = { 'sec-fetch-site': 'none', ...visit.headers }
    return this.#go({ method: 'GET', url: new URL(address, this.#world.serviceUrl), headers }, visit)
  }

  /** Sends the form of the page in which these fields are, with what is hidden in it. */
  submit(fields: Record<string, string>, visit: Visit = {}): Promise<Page> {
    if (!this.#page) throw new Error('No page is open')
    const { url, text } = this.#page
    const { action, method, hidden } = findForm(text, fields)
    const target = new URL(action || url, url)
    const body = new URLSearchParams({ ...hidden, ...fields })
    const headers = { 'sec-fetch-site': siteOf(new URL(url), target), referer: url, ...visit.headers }
    if (method === 'GET') {
      target.search = body.toString()
      return this.#go({ method, url: target, headers }, visit)
    }
    return this.#go(
      { method, url: target, body, headers: { origin: new URL(url).origin, ...headers } },
      visit,
    )
  }

  async #go(first: Request, { stopBefore }: Visit): Promise<Page> {
    const hops = [first.url.href]
    let request = first
    for (;;) {
      const url = this.#world.addressOf(request.url)
      const answer = await this.#send({ ...request, url })
      const { setCookies, ...shown } = answer
      this.cookies.take(url, setCookies)
      const { location } = answer.headers
      const next = isRedirect(answer.status) && location ? new URL(location, url) : null
      if (!next || stopBefore?.test(next.href)) {
        this.#page = { url: url.href, ...shown, hops, next: next?.href ?? null }
        return this.#page
      }
      if (hops.push(next.href) > MOST_HOPS) throw new Error(`Redirected too often: ${hops.join(' → ')}`)
      request = redirected(request, url, next, answer.status)
    }
  }

  async #send({ method, url, body, headers }: Request): Promise<Answer> {
    const cookie = this.cookies.headerFor(url)
    const sent: Record<string, string> = { ...NAVIGATION, ...(cookie && { cookie }), ...headers }
    if (body) sent['content-type'] = 'application/x-www-form-urlencoded'
    const { serviceUrl, call, from = '127.0.0.1' } = this.#world
    if (url.origin === new URL(serviceUrl).origin) {
      const options = { from, headers: { host: url.host, ...sent }, ...(body && { body: body.toString() }) }
      const reply = await call(method, url.pathname + url.search, options)
      const setCookies = [reply.headers['set-cookie'] ?? []].flat().map(String)
      return { status: reply.status, text: reply.text, headers: flat(reply.headers), setCookies }
    }
    const reply = await fetch(url, { method, headers: sent, redirect: 'manual', ...(body && { body }) })
    const setCookies = reply.headers.getSetCookie()
    return {
      status: reply.status,
      text: await reply.text(),
      headers: Object.fromEntries(reply.headers),
      setCookies,
    }
  }
}

/** Cookies by host: as in browsers, ports share them. */
export class CookieJar {
  #cookies: { host: string; path: string; name: string; value: string }[] = []

  list(): { host: string; path: string; name: string; value: string }[] {
    return [...this.#cookies]
  }

  /** Forgets those with this name, or all of them. */
  clear(name?: string): void {
    this.#cookies = name === undefined ? [] : this.#cookies.filter((cookie) => cookie.name !== name)
  }

  take(url: URL, setCookies: string[]): void {
    for (const line of setCookies) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
      const name = pair.slice(0, pair.indexOf('='))
      const value = pair.slice(pair.indexOf('=') + 1)
      const told = Object.fromEntries(
        attributes.map((each) => {
          const [key = '', given = ''] = each.split(/=(.*)/s)
          return [key.toLowerCase(), given] as const
        }),
      )
      const path = told.path || '/'
      const isAnother = (cookie: { host: string; path: string; name: string }) =>
        cookie.host !== url.hostname || cookie.path !== path || cookie.name !== name
      this.#cookies = this.#cookies.filter(isAnother)
      const isGone = told['max-age'] === '0' || (told.expires && Date.parse(told.expires) < Date.now())
      if (!isGone) this.#cookies.push({ host: url.hostname, path, name, value })
    }
  }

  headerFor(url: URL): string {
    return this.#cookies
      .filter(({ host, path }) => host === url.hostname && covers(path, url.pathname))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }
}

function covers(path: string, asked: string): boolean {
  return asked === path || asked.startsWith(path.endsWith('/') ? path : `${path}/`)
}

const isRedirect = (status: number) => [301, 302, 303, 307, 308].includes(status)

function redirected({ method, body, headers }: Request, from: URL, url: URL, status: number): Request {
  const { origin: _origin, ...kept } = headers
  // What once came from elsewhere stays from elsewhere.
  const site = kept['sec-fetch-site'] === 'none' ? 'none' : siteOf(from, url)
  const isCross = kept['sec-fetch-site'] === 'cross-site'
  const told = { ...kept, 'sec-fetch-site': isCross ? 'cross-site' : site }
  return status >= 307 ? { method, url, body, headers: told } : { method: 'GET', url, headers: told }
}

/** Two ports of this machine stand for two sites. */
function siteOf(from: URL, to: URL): string {
  return from.origin === to.origin ? 'same-origin' : 'cross-site'
}

interface FoundForm {
  action: string
  method: 'GET' | 'POST'
  hidden: Record<string, string>
}

function findForm(page: string, fields: Record<string, string>): FoundForm {
  const forms = [...page.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)]
  const found = forms.find(([, , inside = '']) =>
    Object.keys(fields).every((name) => inside.includes(`name="${name}"`)),
  )
  if (!found) throw new Error(`No form of the page has ${Object.keys(fields).join(', ')}`)
  const [, attributes = '', inside = ''] = found
  const hidden = [...inside.matchAll(/<input\b[^>]*type="hidden"[^>]*>/gi)].map(([input]) => [
    readEscapes(input.match(/name="([^"]*)"/)?.[1] ?? ''),
    readEscapes(input.match(/value="([^"]*)"/)?.[1] ?? ''),
  ])
  return {
    action: readEscapes(attributes.match(/action="([^"]*)"/i)?.[1] ?? ''),
    method: /method="?post/i.test(attributes) ? 'POST' : 'GET',
    hidden: Object.fromEntries(hidden),
  }
}

function readEscapes(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

function flat(headers: TestReply['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}
