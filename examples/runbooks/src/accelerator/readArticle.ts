/** Something in an article that a tree is made of. */
export type Item =
  /** Something to do. `number` is what the article calls it, for sentences that refer to it. */
  | { kind: 'step'; text: string; number: number | null }
  /** A sentence like “If the light is off, replace the cable.”, with what is to be done before one can tell. */
  | { kind: 'condition'; when: string; says: string; before: string; number: number | null }

/** What stands below one heading; the first one may have none. */
export interface Section {
  heading: string
  items: Item[]
}

export interface Article {
  title: string
  sections: Section[]
}

// Each of these reads a line in time that grows with its length and no faster, whatever is in it: whoever pastes an article
// must not hold up everybody. They rely on lines in which no two spaces follow each other.
const MARKED_HEADING = /^#{1,6} (.*[^#])#*$/
const UNDERLINE = /^(?:={3,}|-{3,})$/
const NUMBERED = /^(?:step\s+)?(\d{1,3})(?:[.):]|\s+[-–—])\s+(.+)$/i
const BULLET = /^[-*•–]\s+(.+)$/
const CONDITION = /^(?:if|when|whenever|in case)\s+(.+?)(?:,\s*(?:then\s+)?|\s+then\s+)(.+)$/i
const OTHERWISE = /^(?:otherwise|else|if not|if that does not help|if this does not help)[,:]?\s+(.+)$/i
const HEADING_WORDS = 10

/** Reads what was pasted: headings, numbered steps and lists, and sentences that begin with “If”. */
export function readArticle(text: string): Article {
  const lines = text.split(/\r\n?|[\n\u2028\u2029]/).map((line) => line.replace(/\s+/g, ' ').trim())
  const sections: Section[] = [{ heading: '', items: [] }]
  let section = sections[0] as Section
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? ''
    if (line === '' || UNDERLINE.test(line)) continue
    const heading = headingAt(lines, i)
    if (heading !== undefined) {
      section = { heading, items: [] }
      sections.push(section)
      continue
    }
    addLine(section, line)
  }
  const title = sections.find(({ heading }) => heading !== '')?.heading ?? ''
  return { title, sections: sections.filter(({ items }) => items.length > 0) }
}

/** Marked as one, underlined, or a short line by itself that is no sentence. */
function headingAt(lines: string[], i: number): string | undefined {
  const line = lines[i] ?? ''
  const marked = MARKED_HEADING.exec(line)?.[1]
  if (marked !== undefined) return plain(marked)
  if (NUMBERED.test(line) || BULLET.test(line)) return undefined
  if (UNDERLINE.test(lines[i + 1] ?? '')) return plain(line)
  const isAlone = !lines[i - 1] && !lines[i + 1]
  const isShort =
    line.split(/\s+/).length <= HEADING_WORDS &&
    !/[.!?,;]$/.test(line) &&
    !/^(?:if|when|otherwise)\b/i.test(line)
  return isAlone && isShort ? plain(line).replace(/:$/, '') : undefined
}

function addLine({ items }: Section, line: string): void {
  const numbered = NUMBERED.exec(line)
  const listed = numbered?.[2] ?? BULLET.exec(line)?.[1]
  const number = numbered ? Number(numbered[1]) : null
  const sentences = plain(listed ?? line).split(/(?<=[.!?])\s+(?=\p{Lu})/u)
  let before: string[] = []
  const said = items.length
  for (const sentence of sentences) {
    const otherwise = OTHERWISE.exec(sentence)?.[1]
    const condition = otherwise === undefined ? CONDITION.exec(sentence) : null
    // A number belongs to the first thing that came of its line.
    const own = items.length === said ? number : null
    if (otherwise !== undefined) items.push({ kind: 'step', text: capital(otherwise), number: own })
    else if (condition) {
      const [, when = '', says = ''] = condition
      items.push({ kind: 'condition', when, says: capital(says), before: before.join(' '), number: own })
      before = []
    } else if (listed !== undefined) before.push(sentence)
  }
  // Prose that is in no list and asks nothing is not a step.
  if (before.length > 0)
    items.push({ kind: 'step', text: before.join(' '), number: items.length === said ? number : null })
}

/** Without the marks of Markdown for strong, emphasised, code and links. */
function plain(text: string): string {
  return text
    .replace(/\[([^[\]]+)\]\([^[)]*\)/g, '$1')
    .replace(/(\*\*|__|`)(.+?)\1/g, '$2')
    .trim()
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
