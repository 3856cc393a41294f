import { type ProviderName, providerTitles } from '../oidc/rules.ts'

/** Providers in the middle of a sentence: `Google and Microsoft`. */
export function nameProviders(providers: readonly ProviderName[]): string {
  return providers.map((provider) => providerTitles[provider]).join(' and ')
}
