import { html, type Markup } from '../../pages/html.ts'

interface Page {
  title: string
  /** For the style sheet. */
  kind: 'checkout' | 'portal' | 'invoice' | 'notice'
  body: Markup
}

/** The style sheets of these pages, beside the sandbox's. */
export const STYLES = ['frame.css', 'forms.css', 'checkout.css', 'portal.css']

/** A whole page of the stand-in, which says on top that no real money moves. */
export function frame({ title, kind, body }: Page): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title} · Stripe stand-in</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="icon" href="/pages/gate.svg" type="image/svg+xml">
<link rel="stylesheet" href="/pages/base.css">
${STYLES.map((name) => html`<link rel="stylesheet" href="/stripe/pages/${name}">`)}
</head>
<body class="${kind}">
<a class="skip" href="#content">Skip to the content</a>
<header class="test-mode"><p><strong>Test mode – no real money.</strong> A stand-in for Stripe.</p></header>
<main id="content">
${body}
</main>
</body>
</html>
`
  return page.text
}

/** A page that only says something, and where to go from there. */
export function notice(title: string, body: Markup, way: Markup | false = false): string {
  return frame({
    title,
    kind: 'notice',
    body: html`<div class="card notice"><h1>${title}</h1>${body}${way && html`<p class="way">${way}</p>`}</div>`,
  })
}
