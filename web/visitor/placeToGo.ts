import { settings } from '../settings.ts'

const DEFAULT_PLACE = '/account'

/**
 * Where somebody goes on who has come in: where the address of the page says, if that is a page of ours or a place of the
 * product. A link to us that ended elsewhere would lend our name to strangers.
 */
export function placeToGo(
  asked: string | null = new URLSearchParams(location.search).get('return_to'),
): string {
  if (asked === null) return DEFAULT_PLACE
  const url = URL.parse(asked, location.origin)
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) return DEFAULT_PLACE
  if (settings.product_origins.includes(url.origin)) return url.href
  const isPage =
    url.origin === location.origin && !url.pathname.startsWith('//') && !isOperation(url.pathname)
  return isPage ? url.pathname + url.search + url.hash : DEFAULT_PLACE
}

function isOperation(path: string): boolean {
  try {
    return decodeURIComponent(path).startsWith('/v1/')
  } catch {
    return true
  }
}
