import { type Brand, footLinksOf } from './brand.ts'
import type { MailWords } from './templates.ts'

/** Lays a mail out as HTML and as plain text that says the same. */
export async function renderMail(
  words: MailWords,
  { brand, link }: { brand: Brand; link: string | null },
): Promise<{ html: string; text: string }> {
  // Loaded with the first mail: React is no part of answering requests.
  const { layOut } = await import('./layout.ts')
  const text = [
    ...words.paragraphs,
    ...(words.button && link ? [`${words.button}:\n${link}`] : []),
    ...(words.footnote ? [words.footnote] : []),
    ['-- ', brand.productName, ...footLinksOf(brand).map(({ label, url }) => `${label}: ${url}`)].join('\n'),
  ].join('\n\n')
  return { html: await layOut(words, { brand, link }), text }
}
