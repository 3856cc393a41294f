import type { components } from '@frontgate/client'

/** What is configured, as the document that was opened carries it: the same as GET /v1/config, for this visitor. */
export const settings: components['schemas']['PublicConfig'] = JSON.parse(
  document.getElementById('config')?.textContent ?? '{}',
)

/** Marks styles that are made at run time as ours, for the document's Content-Security-Policy. */
export const nonce = document.querySelector<HTMLMetaElement>('meta[name=nonce]')?.nonce ?? ''

/** What the product is called. */
export const productName = settings.brand.product_name

/** Where the product is; null where the settings name none. */
export const productUrl = settings.product_origins[0] ?? null
