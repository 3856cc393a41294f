import { type CSSProperties, createElement as h } from 'react'
import { Body, Button, Container, Head, Heading, Hr, Html, Preview, render, Text } from 'react-email'
import type { MailWords } from './templates.ts'

const font = '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, Helvetica, Arial, sans-serif'
const style = {
  page: { backgroundColor: '#f4f5f7', fontFamily: font, margin: 0, padding: '32px 12px' },
  card: { backgroundColor: '#ffffff', borderRadius: 8, maxWidth: 520, padding: '32px 36px' },
  product: { color: '#5b6472', fontSize: 13, fontWeight: 600, margin: 0 },
  heading: { color: '#14181f', fontSize: 20, lineHeight: '28px', margin: '8px 0 20px' },
  text: { color: '#2b313b', fontSize: 15, lineHeight: '24px', margin: '0 0 16px' },
  button: {
    backgroundColor: '#1f5eff',
    borderRadius: 6,
    color: '#ffffff',
    display: 'inline-block',
    fontSize: 15,
    fontWeight: 600,
    padding: '12px 20px',
    textDecoration: 'none',
  },
  rule: { borderColor: '#e6e8ec', margin: '28px 0 16px' },
  small: { color: '#5b6472', fontSize: 13, lineHeight: '20px', margin: 0 },
} satisfies Record<string, CSSProperties>

/** The one layout of all mails. */
export function layOut(
  words: MailWords,
  { product, link }: { product: string; link: string | null },
): Promise<string> {
  const paragraphs = words.paragraphs.map((text, i) => h(Text, { key: i, style: style.text }, text))
  return render(
    h(
      Html,
      { lang: 'en' },
      h(Head, null, h('meta', { name: 'color-scheme', content: 'light' }), h('title', null, words.subject)),
      h(Preview, null, words.preview),
      h(
        Body,
        { style: style.page },
        h(
          Container,
          { style: style.card },
          h(Text, { style: style.product }, product),
          h(Heading, { as: 'h1', style: style.heading }, words.subject),
          paragraphs,
          words.button && link ? h(Button, { href: link, style: style.button }, words.button) : null,
          words.footnote ? h(Hr, { style: style.rule }) : null,
          words.footnote ? h(Text, { style: style.small }, words.footnote) : null,
        ),
      ),
    ),
  )
}
