import type { Parts } from '../parts.ts'
import { html, type Markup } from './html.ts'

interface Door {
  href: string
  name: string
  what: string
}

type Known = Pick<Parts, 'serviceUrl' | 'productUrl'>

/** Where everything is: what your visitors see, and what stands around it. */
export function doors(known: Known): Markup {
  return html`
<section class="doors" aria-labelledby="visitors-title">
  <h2 id="visitors-title">What your visitors see</h2>
  <ul>${forVisitors(known).map(door)}</ul>
</section>
<section class="doors" aria-labelledby="around-title">
  <h2 id="around-title">What stands around it</h2>
  <ul>${around(known).map(door)}</ul>
</section>`
}

function forVisitors({ serviceUrl, productUrl }: Known): Door[] {
  const product = {
    name: 'Runbooks, the product',
    what: 'What the gate opens and closes: make a tree, walk it, and see it close when the trial is over.',
  }
  return [
    {
      href: `${serviceUrl}/sign-up`,
      name: 'Sign up',
      what: 'Begin here. No card: the account and its trial are there at once.',
    },
    { href: `${serviceUrl}/sign-in`, name: 'Sign in', what: 'With a password, Google or Microsoft.' },
    { href: `${serviceUrl}/pricing`, name: 'Pricing', what: 'The plans side by side, and the way to pay.' },
    ...(productUrl ? [{ href: productUrl, ...product }] : []),
  ]
}

function around({ serviceUrl }: Known): Door[] {
  return [
    {
      href: '/mailbox',
      name: 'Mailbox',
      what: 'Every mail that is sent, to anyone: press its button there.',
    },
    {
      href: '/stripe',
      name: 'Stripe',
      what: 'Subscriptions, open checkouts, events, and cards to pay with.',
    },
    {
      href: `${serviceUrl}/operator`,
      name: 'Operators’ pages',
      what: 'Accounts, grants, leads and figures. You have to be an operator: see below.',
    },
    {
      href: `${serviceUrl}/docs`,
      name: 'API docs',
      what: 'The contract: every operation, to read and to call.',
    },
  ]
}

function door({ href, name, what }: Door): Markup {
  return html`<li><a class="card" href="${href}"><strong>${name}</strong><span>${what}</span></a></li>`
}
