import { html, type Markup } from '../../pages/html.ts'

/** A whole page of a provider that is played, which says so on top. */
export function frame(provider: string, title: string, body: Markup): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title} · ${provider} stand-in</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="icon" href="/pages/gate.svg" type="image/svg+xml">
<link rel="stylesheet" href="/pages/base.css">
<link rel="stylesheet" href="/stripe/pages/frame.css">
<link rel="stylesheet" href="/stripe/pages/forms.css">
<link rel="stylesheet" href="/pages/choose.css">
</head>
<body class="choose">
<a class="skip" href="#content">Skip to the content</a>
<header class="test-mode"><p><strong>Not ${provider}.</strong> A stand-in for it: no password is asked for.</p></header>
<main id="content">
${body}
</main>
</body>
</html>
`
  return page.text
}
