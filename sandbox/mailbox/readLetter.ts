import { findLinks } from './findLinks.ts'

/** What a sender wrote. A part that is missing is empty. */
export interface Letter {
  from: string
  subject: string
  text: string
  html: string
  /** Every http(s) address in it, each once. */
  links: string[]
  /** Names in lower case; what a mail has twice is separated by line breaks. */
  headers: Record<string, string>
}

/** Reads a mail as it comes over the wire. */
export async function readLetter(source: NodeJS.ReadableStream & AsyncIterable<unknown>): Promise<Letter> {
  const { simpleParser } = await loadParser()
  const parsed = await simpleParser(source as never, { skipHtmlToText: true, skipTextToHtml: true })
  const { subject = '', text = '', html = '' } = parsed
  return {
    from: parsed.from?.value.map(nameAndAddress).join(', ') ?? '',
    subject,
    text,
    html: html || '',
    links: findLinks(text, html || ''),
    headers: readHeaders(parsed.headerLines),
  }
}

/** Loads the parser, which takes a tenth of a second that neither the start nor the first mail should spend. */
export function loadParser(): Promise<typeof import('mailparser')> {
  return import('mailparser')
}

function nameAndAddress({ name, address = '' }: { name: string; address?: string }): string {
  return name ? `${name} <${address}>` : address
}

function readHeaders(lines: Iterable<{ key: string; line: string }>): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const { key, line } of lines) {
    const value = line
      .slice(line.indexOf(':') + 1)
      .replace(/\r?\n\s*/g, ' ')
      .trim()
    headers[key] = key in headers ? `${headers[key]}\n${value}` : value
  }
  return headers
}
