const ADDRESS = /https?:\/\/[^\s<>"'`]+/gi
const HREF = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))/gi
// Not what a reader sees: styles, comments and the doctype, which names addresses of its own.
const UNSEEN = /<style\b[\s\S]*?<\/style>|<script\b[\s\S]*?<\/script>|<!--[\s\S]*?-->|<!doctype[^>]*>/gi
const ENTITY = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos|nbsp));/gi
const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }
const LAST_CODE_POINT = 0x10ffff

/** The http(s) addresses of a mail as a browser would open them: those of the text first, each once. */
export function findLinks(text: string, html: string): string[] {
  const seen = html.replace(UNSEEN, ' ')
  const behind = [...seen.matchAll(HREF)].map((match) =>
    decode(match[1] ?? match[2] ?? match[3] ?? '').trim(),
  )
  const written = decode(seen.replace(/<[^>]*>/g, ' '))
  return [...new Set([...inText(text), ...behind.filter(isWeb), ...inText(written)])]
}

function inText(text: string): string[] {
  return (text.match(ADDRESS) ?? []).map(withoutPunctuation)
}

function isWeb(address: string): boolean {
  return /^https?:\/\//i.test(address)
}

/** Leaves out the end of the sentence that an address stands in. */
function withoutPunctuation(address: string): string {
  let trimmed = address.replace(/[.,;:!?]+$/, '')
  while (trimmed.endsWith(')') && count(trimmed, ')') > count(trimmed, '(')) trimmed = trimmed.slice(0, -1)
  return trimmed === address ? address : withoutPunctuation(trimmed)
}

function count(text: string, character: string): number {
  return text.split(character).length - 1
}

function decode(html: string): string {
  return html.replace(ENTITY, (entity, decimal?: string, hex?: string, name?: string) => {
    if (name) return NAMED[name.toLowerCase()] ?? entity
    const point = decimal ? Number.parseInt(decimal, 10) : Number.parseInt(hex ?? '', 16)
    return point <= LAST_CODE_POINT ? String.fromCodePoint(point) : entity
  })
}
