import { JSDOM } from 'jsdom'

/**
 * Makes this process the page of a browser at an address, for components to be shown on. What the platform has of its own,
 * such as `fetch`, stays. Before anything is imported that looks for a document.
 */
export function becomePage(url: string): void {
  const { window } = new JSDOM('<!doctype html><html lang="en"><body></body></html>', {
    url,
    pretendToBeVisual: true,
  })
  const own = [
    'document',
    'location',
    'Node',
    'Element',
    'HTMLElement',
    'HTMLInputElement',
    'HTMLIFrameElement',
  ]
  const ofThePage = [...own, 'FormData', 'MutationObserver', 'getComputedStyle', 'navigator'] as const
  const given: Record<string, unknown> = {
    window,
    addEventListener: window.addEventListener.bind(window),
    removeEventListener: window.removeEventListener.bind(window),
    // React tells by it that it is being tested, and that what is awaited comes in its own time.
    IS_REACT_ACT_ENVIRONMENT: true,
  }
  for (const name of ofThePage) given[name] = window[name as keyof typeof window]
  for (const [name, value] of Object.entries(given)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  }
}

/** A request on its way, which a test may hold up. */
export interface Wire {
  fetch: typeof fetch
  /** Every request so far, as `GET /v1/plans 200`. */
  seen: string[]
  /** Holds up the answers to what fits from now on, until what it returns is called. */
  holdUp: (path: string) => () => void
}

/** A browser's `fetch`: it keeps cookies. */
export function openWire(): Wire {
  const cookies = new Map<string, string>()
  const seen: string[] = []
  const held = new Map<string, Promise<void>>()

  async function send(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init)
    const { pathname } = new URL(request.url)
    const pairs = [...cookies].map(([name, value]) => `${name}=${value}`)
    if (pairs.length > 0) request.headers.set('cookie', pairs.join('; '))
    const wait = held.get(pathname)
    const reply = await fetch(request)
    seen.push(`${request.method} ${pathname} ${reply.status}`)
    for (const line of reply.headers.getSetCookie()) {
      const [name = '', value = ''] = line.split(';')[0]?.split(/=(.*)/s) ?? []
      if (/max-age=0/i.test(line) || value === '') cookies.delete(name.trim())
      else cookies.set(name.trim(), value)
    }
    await wait
    return reply
  }

  return {
    fetch: send,
    seen,
    holdUp(path) {
      const { promise, resolve } = Promise.withResolvers<void>()
      held.set(path, promise)
      return () => {
        held.delete(path)
        resolve()
      }
    },
  }
}
