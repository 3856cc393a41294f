import type { App } from '../../app.ts'

/** Whom passkeys are for: they answer on pages of this origin alone. */
export function siteOf({ config }: Pick<App, 'config'>): { origin: string; rpId: string; name: string } {
  const { origin, hostname } = new URL(config.publicUrl)
  return { origin, rpId: hostname, name: config.productName }
}

/** Ed25519, P-256 and RSA, as COSE numbers them: what authenticators make today. */
export const algorithms = [-8, -7, -257]
