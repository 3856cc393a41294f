/** Where somebody goes on who has come in and has not been on the way to anywhere. */
const DEFAULT_PLACE = '/account'

/** Origins that people may be sent on to: our own, and those of the product. */
export interface KnownOrigins {
  own: string
  product: readonly string[]
}

/**
 * Where somebody goes on who asked for a place: a path of ours, or an address at the product. What is elsewhere is not
 * gone to: a link to us that ended there would lend our name to strangers.
 */
export function chooseSafePlace(asked: string | null, { own, product }: KnownOrigins): string {
  if (asked === null) return DEFAULT_PLACE
  // URL.parse is younger than some of the browsers that these pages are for.
  const url = URL.canParse(asked, own) ? new URL(asked, own) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) return DEFAULT_PLACE
  if (url.origin === own) {
    const isPage = !url.pathname.startsWith('//') && !isOperation(url.pathname)
    return isPage ? url.pathname + url.search + url.hash : DEFAULT_PLACE
  }
  return product.includes(url.origin) ? url.href : DEFAULT_PLACE
}

function isOperation(path: string): boolean {
  try {
    return /^\/v1(\/|$)/i.test(decodeURIComponent(path))
  } catch {
    return true
  }
}
