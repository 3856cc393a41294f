const MOST = 500

/** Where a visitor came from, as far as the address of the page and the browser say. */
export function attribution(): Record<string, string> {
  const found: Record<string, string> = { referrer: document.referrer, landing_page: location.href }
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (/^utm_(source|medium|campaign|term|content)$/.test(name)) found[name] = value
  }
  return Object.fromEntries(
    Object.entries(found).flatMap(([name, value]) => (value ? [[name, value.slice(0, MOST)]] : [])),
  )
}
