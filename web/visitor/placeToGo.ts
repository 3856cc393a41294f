import { settings } from '../settings.ts'
import { chooseSafePlace } from './placeRules.ts'

/**
 * Where somebody goes on who has come in: where the address of the page says, if that is a page of ours or a place of the
 * product.
 */
export function placeToGo(
  asked: string | null = new URLSearchParams(location.search).get('return_to'),
): string {
  return chooseSafePlace(asked, { own: location.origin, product: settings.product_origins })
}
