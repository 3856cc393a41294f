const titles: Record<string, string> = { google: 'Google', microsoft: 'Microsoft' }

/** What a provider is called. */
export function providerTitle(provider: string | null): string {
  return titles[provider ?? ''] ?? provider ?? ''
}
