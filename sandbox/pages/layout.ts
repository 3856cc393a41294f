import type { Parts } from '../parts.ts'
import { html, Markup } from './html.ts'

interface Page {
  title: string
  /** Which entry of the navigation it is. */
  current: 'overview' | 'mailbox' | 'stripe'
  /** For the style sheet. */
  kind?: string
  body: Markup
}

const STYLES = { overview: ['overview', 'stripe'], mailbox: ['mailbox'], stripe: ['stripe'] }

/** A whole page: what is at its top, and its body. */
export function layOut(
  { mailbox, serviceUrl }: Pick<Parts, 'mailbox' | 'serviceUrl'>,
  { title, current, kind = '', body }: Page,
): string {
  const here = (name: Page['current']) => (name === current ? new Markup(' aria-current="page"') : null)
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title} · Frontgate sandbox</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="/pages/gate.svg" type="image/svg+xml">
<link rel="stylesheet" href="/pages/base.css">
${STYLES[current].map((name) => html`<link rel="stylesheet" href="/pages/${name}.css">`)}
<script src="/pages/sandbox.js" type="module"></script>
</head>
<body class="${kind}">
<a class="skip" href="#content">Skip to the content</a>
<header class="top">
  <a class="brand" href="/"><img src="/pages/gate.svg" alt="" width="22" height="22">Frontgate <span>sandbox</span></a>
  <nav aria-label="Sandbox">
    <a href="/"${here('overview')}>Overview</a>
    <a href="/mailbox"${here('mailbox')}>Mailbox <span class="count" data-mail-count>${mailbox.size}</span></a>
    <a href="/stripe"${here('stripe')}>Stripe</a>
    <a href="${serviceUrl}/docs">API docs</a>
  </nav>
</header>
<main id="content">
${body}
</main>
</body>
</html>
`
  return page.text
}

const short = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  timeZone: 'UTC',
})

/** An instant, short enough for a list. */
export function time(instant: string): Markup {
  return html`<time datetime="${instant}" title="${instant}">${short.format(new Date(instant))}</time>`
}
