/** One entry of what somebody pasted: as it was written, and the address in it. */
export interface Entry {
  written: string
  email: string
}

/**
 * The addresses in a text as people paste them: separated by lines, commas, semicolons or blanks, also as
 * `Name <address>` with commas in quoted names. What is no address is kept as it is, for whoever wrote it to mend.
 */
export function readAddresses(text: string): Entry[] {
  return splitOutsideQuotes(text).flatMap((part) => {
    const written = part.trim()
    if (written === '') return []
    const named = /<([^<>]*)>\s*$/.exec(written)
    if (named) return [{ written, email: (named[1] ?? '').trim() }]
    const words = written.split(/\s+/)
    const areAddresses = words.length > 1 && words.every((word) => word.includes('@'))
    return (areAddresses ? words : [written]).map((email) => ({ written: email, email }))
  })
}

/** A quote that is never closed quotes nothing. */
function splitOutsideQuotes(text: string): string[] {
  return text.split(/\r?\n|\t/).flatMap((line) => line.match(/(?:"[^"]*"|[^,;])+/g) ?? [])
}
