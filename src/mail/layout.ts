import { type CSSProperties, createElement as h, type ReactNode } from 'react'
import {
  Body,
  Button,
  Container,
  Head,
  Heading,
  Hr,
  Html,
  Img,
  Link,
  Preview,
  render,
  Text,
} from 'react-email'
import { type Brand, footLinksOf } from './brand.ts'
import { edgeOf, textOn } from './colors.ts'
import type { MailWords } from './templates.ts'

const font = '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, Helvetica, Arial, sans-serif'
const LOGO_HEIGHT = 32
const style = {
  page: { backgroundColor: '#f4f5f7', fontFamily: font, margin: 0, padding: '32px 12px' },
  card: { backgroundColor: '#ffffff', borderRadius: 8, maxWidth: 520, padding: '32px 36px' },
  product: { color: '#5b6472', fontSize: 13, fontWeight: 600, lineHeight: '20px', margin: 0 },
  // Also how its `alt` looks, where a mail program loads no images.
  logo: {
    color: '#14181f',
    display: 'block',
    fontSize: 18,
    fontWeight: 600,
    height: LOGO_HEIGHT,
    lineHeight: `${LOGO_HEIGHT}px`,
    maxWidth: '100%',
    objectFit: 'contain',
    objectPosition: 'left',
  },
  heading: {
    color: '#14181f',
    fontSize: 20,
    lineHeight: '28px',
    margin: '8px 0 20px',
    wordBreak: 'break-word',
  },
  headingBelowLogo: { margin: '24px 0 20px' },
  text: { color: '#2b313b', fontSize: 15, lineHeight: '24px', margin: '0 0 16px', wordBreak: 'break-word' },
  button: {
    borderRadius: 6,
    display: 'inline-block',
    fontSize: 15,
    fontWeight: 600,
    margin: '4px 0 8px',
    padding: '12px 20px',
    textDecoration: 'none',
  },
  rule: { borderColor: '#e6e8ec', margin: '20px 0 16px' },
  small: { color: '#5b6472', fontSize: 13, lineHeight: '20px', margin: 0 },
  foot: {
    color: '#5b6472',
    fontSize: 13,
    lineHeight: '20px',
    margin: '0 auto',
    maxWidth: 448,
    padding: '16px 36px 0',
  },
  footLink: { color: '#5b6472', textDecoration: 'underline' },
} satisfies Record<string, CSSProperties>

// Inline styles win over rules, so these have to be important. Body and Container put what they are given on a cell of
// their own, without the class. A logo is drawn for light ground and keeps some.
const rules = `:root { color-scheme: light dark }
@media (prefers-color-scheme: dark) {
.page, .page > table > tbody > tr > td { background-color: #0e1116 !important }
.card { background-color: #191e26 !important }
.strong { color: #f1f3f6 !important }
.text { color: #d5dae2 !important }
.muted, .muted a { color: #a3adbb !important }
.rule { border-color: #313945 !important }
.logo { background-color: #ffffff !important; border-radius: 6px !important; padding: 6px 8px !important; color: #14181f !important }
}
@media (max-width: 480px) {
.card > tbody > tr > td { padding: 28px 22px !important }
.foot { padding: 16px 22px 0 !important }
}`

/** The one layout of all mails. */
export function layOut(
  words: MailWords,
  { brand, link }: { brand: Brand; link: string | null },
): Promise<string> {
  const paragraphs = words.paragraphs.map((text, i) =>
    h(Text, { key: i, className: 'text', style: style.text }, text),
  )
  return render(
    h(
      Html,
      { lang: 'en' },
      h(
        Head,
        null,
        h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
        h('meta', { name: 'color-scheme', content: 'light dark' }),
        h('meta', { name: 'supported-color-schemes', content: 'light dark' }),
        h('title', null, words.subject),
        h('style', null, rules),
      ),
      h(Preview, null, words.preview),
      h(
        Body,
        { className: 'page', style: style.page },
        h(
          Container,
          { className: 'card', style: style.card },
          mark(brand),
          h(
            Heading,
            {
              as: 'h1',
              className: 'strong',
              style: { ...style.heading, ...(brand.logoUrl && style.headingBelowLogo) },
            },
            words.subject,
          ),
          paragraphs,
          words.button && link ? button(words.button, link, brand) : null,
          words.footnote ? h(Hr, { className: 'rule', style: style.rule }) : null,
          words.footnote ? h(Text, { className: 'muted', style: style.small }, words.footnote) : null,
        ),
        foot(brand),
      ),
    ),
  )
}

/** Whom the mail is from: the logo, or the name alone. */
function mark({ logoUrl, productName }: Brand): ReactNode {
  if (!logoUrl) return h(Text, { className: 'muted', style: style.product }, productName)
  return h(Img, {
    src: logoUrl,
    alt: productName,
    height: LOGO_HEIGHT,
    className: 'logo',
    style: style.logo,
  })
}

function button(label: string, href: string, { accentColor }: Brand): ReactNode {
  const colors = {
    backgroundColor: accentColor,
    border: `1px solid ${edgeOf(accentColor)}`,
    color: textOn(accentColor),
  }
  return h(Button, { href, style: { ...style.button, ...colors } }, label)
}

function foot(brand: Brand): ReactNode {
  const links = footLinksOf(brand)
  if (links.length === 0) return null
  return h(
    Text,
    { className: 'muted foot', style: style.foot },
    brand.productName,
    links.map(({ label, url }) => [' · ', h(Link, { key: label, href: url, style: style.footLink }, label)]),
  )
}
