/** What providers are called; the service knows them by the names before. */
const names: Record<string, string> = { google: 'Google', microsoft: 'Microsoft' }

/** The name of a provider for readers; null for what is none. */
export function providerName(provider: string | null): string | null {
  return provider !== null && Object.hasOwn(names, provider) ? (names[provider] ?? null) : null
}
