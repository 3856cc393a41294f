import type { Mail } from '../mailbox/mailbox.ts'
import type { Parts } from '../parts.ts'
import { html, type Markup } from './html.ts'
import { layOut, time } from './layout.ts'

const MOST_SHOWN = 200

/** The ways to look at a mail. */
export const views = ['html', 'text', 'headers'] as const
export type View = (typeof views)[number]

interface Looking {
  /** Shows only mails to addresses that contain this. */
  search: string
  open?: Mail | undefined
  view?: View | undefined
}

/** The mailbox: its mails, and the one that is open. */
export function mailboxPage(parts: Parts, looking: Looking): string {
  const { search, open } = looking
  const body = html`
<div class="mailbox-head">
  <h1>Mailbox</h1>
  <form class="search" action="/mailbox" role="search">
    <label class="unseen" for="to">Search by address</label>
    <input id="to" name="to" type="search" value="${search}" placeholder="Search by address" autocomplete="off" spellcheck="false">
  </form>
  <button type="button" class="quiet" data-empty-mailbox>Empty<span class="unseen"> the mailbox</span></button>
</div>
<p class="unseen" role="status" data-mailbox-status></p>
<div class="panes">
  <div class="list card" data-mail-list data-source="/mailbox/list?${linkQuery(search, open?.id)}">${mailList(parts, looking)}</div>
  <section class="reading card" aria-label="The open mail">${open ? reading(open, looking) : unopened(parts)}</section>
</div>`
  const title = open ? open.subject || 'Mail without a subject' : 'Mailbox'
  return layOut(parts, { title, current: 'mailbox', kind: open ? 'mailbox reads' : 'mailbox', body })
}

/** The list of mails, which the script fetches again and again. */
export function mailList({ mailbox }: Parts, { search, open }: Looking): Markup {
  const mails = mailbox.search(search)
  if (mails.length === 0)
    return html`<p class="none">${search ? `No mail to “${search}”.` : 'No mail yet.'}</p>`
  const more = mails.length - MOST_SHOWN
  return html`<ul data-mails="${mails.length}" data-all-mails="${mailbox.size}">${mails
    .slice(0, MOST_SHOWN)
    .map((mail) =>
      entry(mail, search, mail.id === open?.id),
    )}</ul>${more > 0 && html`<p class="none">And ${more} older ones.</p>`}`
}

function entry(mail: Mail, search: string, isOpen: boolean): Markup {
  return html`<li><a href="${addressOf(mail, search)}"${isOpen && html` aria-current="true"`}><span class="to">${mail.to}</span>${time(mail.received_at)}<span class="subject">${mail.subject || '(no subject)'}</span></a></li>`
}

function reading(mail: Mail, { search, view }: Looking): Markup {
  const shown = view ?? (mail.html ? 'html' : 'text')
  const labels = { html: 'Message', text: 'Plain text', headers: 'Headers' }
  const tabs = views.filter((each) => each !== 'html' || mail.html)
  return html`
<a class="back" href="/mailbox?${linkQuery(search)}">${search ? `Mails to “${search}”` : 'All mails'}</a>
<h2>${mail.subject || '(no subject)'}</h2>
<dl class="envelope">
  <div><dt>From</dt><dd>${mail.from}</dd></div>
  <div><dt>To</dt><dd>${mail.to}</dd></div>
  <div><dt>Received</dt><dd>${time(mail.received_at)}</dd></div>
</dl>
<nav class="tabs" aria-label="Ways to look at this mail">
  ${tabs.map((each) => html`<a href="${addressOf(mail, search, each)}"${each === shown && html` aria-current="true"`}>${labels[each]}</a>`)}
</nav>
${content(mail, shown)}`
}

function content(mail: Mail, view: View): Markup {
  if (view === 'html') {
    return html`<iframe title="The message" src="/mailbox/${mail.id}/html" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>`
  }
  if (view === 'headers') {
    const lines = Object.entries(mail.headers).map(([name, value]) => `${name}: ${value}`)
    return html`<pre class="content" tabindex="0">${lines.join('\n')}</pre>`
  }
  if (!mail.text) return html`<p class="none">This mail has no plain text.</p>`
  return html`<pre class="content words" tabindex="0">${linked(mail.text, mail.links)}</pre>`
}

/** The text with its addresses as links, each opened beside the mailbox. */
function linked(text: string, links: string[]): Markup[] {
  // The longest first: one address may begin like another.
  const sorted = [...links].sort((a, b) => b.length - a.length)
  const parts: Markup[] = []
  let rest = text
  while (rest) {
    const at = rest.search(/https?:\/\//i)
    const link = at < 0 ? undefined : sorted.find((each) => rest.startsWith(each, at))
    const plain = at < 0 ? rest.length : link ? at : at + 1
    parts.push(html`${rest.slice(0, plain)}`)
    if (link) parts.push(html`<a href="${link}" target="_blank" rel="noopener noreferrer">${link}</a>`)
    rest = rest.slice(plain + (link?.length ?? 0))
  }
  return parts
}

function unopened({ mailbox, serviceUrl }: Parts): Markup {
  if (mailbox.size > 0) return html`<p class="none">Choose a mail to read it.</p>`
  return html`<div class="none"><p>Every mail the service sends arrives here, whoever it is for.</p>
<p><a href="${serviceUrl}/sign-up">Sign somebody up</a>, and the first one comes by itself.</p></div>`
}

function addressOf(mail: Mail, search: string, view?: View): string {
  const query = new URLSearchParams({ ...(search && { to: search }), ...(view && { view }) })
  return `/mailbox/${mail.id}${query.size > 0 ? `?${query}` : ''}`
}

function linkQuery(search: string, open?: string): string {
  return new URLSearchParams({ ...(search && { to: search }), ...(open && { open }) }).toString()
}
