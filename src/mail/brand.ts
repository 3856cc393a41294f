import type { Config } from '../config.ts'

/** What the settings say a mail looks like. */
export type Brand = Pick<Config, 'productName' | 'logoUrl' | 'accentColor' | 'termsUrl' | 'privacyUrl'>

/** What the foot of a mail links to, if anything. */
export function footLinksOf({ termsUrl, privacyUrl }: Brand): { label: string; url: string }[] {
  return [
    ...(termsUrl ? [{ label: 'Terms', url: termsUrl }] : []),
    ...(privacyUrl ? [{ label: 'Privacy', url: privacyUrl }] : []),
  ]
}
