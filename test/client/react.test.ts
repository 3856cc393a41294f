import type { AddressInfo } from 'node:net'
import { createClient, type FrontgateClient, FrontgateProblem } from '@frontgate/client'
import { createElement as h, type ReactNode } from 'react'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { buyer, checkout, FAILS_LATER, freshToken, pay } from '../support/buyers.ts'
import { invited, newMember } from '../support/invites.ts'
import { becomePage, openWire, type Wire } from '../support/page.ts'
import { mailedToken, newAddress, PASSWORD, register, registerVerified } from '../support/people.ts'
import { type StripeApp, startStripeApp } from '../support/stripeApp.ts'
import { startTestAppWith, type TestApp } from '../support/testApp.ts'
import { withoutPassword, withProviders } from '../support/withoutPassword.ts'

becomePage('http://localhost/')
const { act, cleanup, configure, fireEvent, render, screen, waitFor, within } = await import(
  '@testing-library/react'
)
const {
  AccountWidget,
  FrontgateProvider,
  PricingTable,
  Problem,
  RequireFeature,
  RequireLimit,
  RequirePlan,
  SignIn,
} = await import('@frontgate/client/react')
const { useBillingState, useSession } = await import('@frontgate/client/react')
// What is awaited comes in its own time on a slow machine.
configure({ asyncUtilTimeout: 20_000 })

const DAY = 86_400

let t: StripeApp
const clients: FrontgateClient[] = []
beforeAll(async () => {
  t = await startStripeApp(withProviders)
})
afterAll(() => t.close())
afterEach(() => {
  cleanup()
  for (const client of clients.splice(0)) client.close()
})

interface Shown {
  client: FrontgateClient
  wire: Wire
  /** Where the page would have gone. */
  went: string[]
}

/** Shows something in a browser that nobody has used before. */
function show(children: ReactNode, props: Record<string, unknown> = {}, at: TestApp = t): Shown {
  const wire = openWire()
  const { port } = at.fastify.server.address() as AddressInfo
  const client = createClient({ url: `http://127.0.0.1:${port}`, fetch: wire.fetch })
  clients.push(client)
  const went: string[] = []
  const navigate = (url: string) => went.push(url)
  render(h(FrontgateProvider, { client, navigate, lang: 'en', ...props }, children))
  return { client, wire, went }
}

/** The same for somebody who is signed in already. */
async function showTo(email: string, children: ReactNode, props: Record<string, unknown> = {}) {
  const shown = show(children, props)
  await act(() => shown.client.signIn({ email, password: PASSWORD }))
  return shown
}

function type(label: string | RegExp, value: string): void {
  fireEvent.change(screen.getByLabelText(label), { target: { value } })
}

const press = (name: string | RegExp) => fireEvent.click(screen.getByRole('button', { name }))

/** What a product's page knows, with the way to look again. */
function Knows() {
  const { state, refresh } = useBillingState()
  const { account } = useSession()
  seen.push(`${account?.name}: ${state?.plan}`)
  return h('button', { type: 'button', onClick: () => void refresh() }, 'Look again')
}
const seen: string[] = []

const report = h(RequirePlan, { plan: 'pro' }, h('p', null, 'The report'))

test('somebody signs in by the form, is told when that fails, and signs out in the widget', async () => {
  const person = await registerVerified(t, { name: 'Ada Lovelace', account_name: 'Analytical Engines' })
  const onSignedIn = vi.fn()
  show([h(SignIn, { key: 'in', onSignedIn }), h(AccountWidget, { key: 'who' })])
  await screen.findByRole('heading', { name: 'Sign in' })

  press('Sign in')
  await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText('E-mail')))
  expect(document.activeElement?.getAttribute('aria-invalid')).toBe('true')

  type('E-mail', person.email)
  type('Password', 'not the password')
  press('Sign in')
  expect((await screen.findByText('Address or password is wrong.')).closest('[role=alert]')).not.toBeNull()
  expect(screen.queryByRole('button', { name: /Account/ })).toBeNull()

  type('Password', PASSWORD)
  press('Sign in')
  const who = await screen.findByRole('button', { name: 'Account: Analytical Engines, Pro' })
  expect(onSignedIn).toHaveBeenCalledWith(expect.objectContaining({ status: 'signed-in' }))

  fireEvent.click(who)
  expect(who.getAttribute('aria-expanded')).toBe('true')
  const panel = screen.getByRole('region', { name: 'Account' })
  for (const shown of ['Ada Lovelace', person.email, 'Owner', 'Pro', /Trial, 14 days left/])
    within(panel).getByText(shown)
  fireEvent.keyDown(within(panel).getByRole('button', { name: 'Sign out' }), { key: 'Escape' })
  expect(who.getAttribute('aria-expanded')).toBe('false')
  await waitFor(() => expect(document.activeElement).toBe(who))

  fireEvent.click(who)
  press('Sign out')
  await waitFor(() => expect(screen.queryByRole('button', { name: /Account/ })).toBeNull())
})

test('a stranger registers, and hears of a weak password where it is typed', async () => {
  const email = newAddress()
  show([h(SignIn, { key: 'in', register: true }), h(AccountWidget, { key: 'who' })])
  await screen.findByText('Free for 14 days, no card needed.')
  expect(screen.getByLabelText('Password').getAttribute('autocomplete')).toBe('new-password')

  type('E-mail', email)
  type('Password', 'password1234')
  press('Create account')
  const said = await screen.findByText(/This password is well known/)
  const password = screen.getByLabelText('Password')
  await waitFor(() => expect(document.activeElement).toBe(password))
  expect(password.getAttribute('aria-describedby')).toContain(said.id)

  type('Password', PASSWORD)
  press('Create account')
  fireEvent.click(await screen.findByRole('button', { name: /^Account: .*Pro$/ }))
  screen.getByText(new RegExp(`Please verify ${email} by`))
  press('Send a new link')
  expect(
    await screen.findByText(/A new link is on its way|Too many attempts. Try again in \d+ \w+/),
  ).toBeTruthy()
})

test('a taken address is said beside the field, and a user without a password is led to their provider', async () => {
  const person = await registerVerified(t)
  await withoutPassword(t, person)
  show(h(SignIn, { register: true, returnTo: 'https://product.example/' }))
  await screen.findByRole('link', { name: 'Continue with Microsoft' })
  type('E-mail', person.email)
  type('Password', PASSWORD)
  press('Create account')
  await screen.findByText(/This address is registered already/)
  // React runs effects after it has shown what they are of.
  await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText('E-mail')))

  press('Sign in')
  await screen.findByRole('heading', { name: 'Sign in' })
  expect(screen.getByLabelText<HTMLInputElement>('E-mail').value).toBe(person.email)
  type('Password', PASSWORD)
  press('Sign in')
  await screen.findByText('You have no password here: sign in with Google.')
  expect(screen.queryByRole('link', { name: 'Continue with Microsoft' })).toBeNull()
  const google = screen.getByRole<HTMLAnchorElement>('link', { name: 'Continue with Google' })
  const asked = new URL(google.href).searchParams
  expect(asked.get('login_hint')).toBe(person.email)
  expect(asked.get('return_to')).toBe('https://product.example/')
})

test('whoever asks for a new password is told the same, whether they are known or not', async () => {
  const known = await registerVerified(t)
  for (const email of [known.email, newAddress('nobody')]) {
    show(h(SignIn))
    fireEvent.click(await screen.findByRole('button', { name: 'Forgot your password?' }))
    type('E-mail', email)
    press('Mail me a link')
    await screen.findByText('If somebody has this address here, a mail is on its way to it.')
    cleanup()
  }
  expect(await mailedToken(t, known.email)).toBeTruthy()
})

test('somebody invited sees by whom, registers with the address, and is in that account', async () => {
  const owner = await registerVerified(t, { name: 'Grace Hopper', account_name: 'Compilers' })
  const email = newAddress('invited')
  const { token } = await invited(t, owner, email, 'viewer')
  show([h(SignIn, { key: 'in', register: true, inviteToken: token }), h(AccountWidget, { key: 'who' })])
  await screen.findByRole('heading', { name: 'Join Compilers' })
  screen.getByText('Grace Hopper invites you as Viewer.')
  expect(screen.getByLabelText<HTMLInputElement>('E-mail').value).toBe(email)
  type('Password', PASSWORD)
  press('Create account')
  await screen.findByRole('button', { name: 'Account: Compilers, Pro' })
})

test('the end of a trial closes what is required, says why, and paying opens it again', async () => {
  const person = await registerVerified(t)
  const { went } = await showTo(person.email, [report, h(Knows, { key: 'knows' })])
  await screen.findByText('The report')

  await t.advance(14 * DAY)
  press('Look again')
  await screen.findByRole('heading', { name: 'This takes the Pro plan' })
  screen.getByText(/Your trial is over/)
  expect(screen.queryByText('The report')).toBeNull()

  press('See plans')
  fireEvent.click(await screen.findByRole('radio', { name: /Yearly/ }))
  screen.getByText('$290')
  screen.getByText(/\$24.17 a month/)
  press('Choose Pro')
  await waitFor(() => expect(went).toHaveLength(1))
  // Asking again for the same gives the same page.
  const accessToken = await freshToken(t, person)
  const { body } = await checkout(t, { ...person, accessToken }, { interval: 'year' })
  expect(went[0]).toBe(body.url)

  expect(pay(t, body.id).outcome).toBe('complete')
  await t.flush()
  press('Look again')
  await screen.findByText('The report')
})

test('a trial that ends while the page is looked at closes it, without anybody asking', async () => {
  const person = await registerVerified(t)
  const end = new Date(t.app.now().getTime() + 2000)
  await t.app.pool.query('update grants set until_at = $2 where account_id = $1', [person.accountId, end])
  await showTo(person.email, report)
  await screen.findByText('The report')
  // Its clock stands still; by then it would be there.
  t.moveClock(60)
  await screen.findByText(/Your trial is over/)
})

test('an account’s plan is never shown as another’s, whatever arrives late', async () => {
  const person = await registerVerified(t, { account_name: 'First' })
  const made = await t.call('POST', '/v1/accounts', { as: person.accessToken, body: { name: 'Second' } })
  expect(made.status).toBe(201)
  seen.length = 0
  const { wire } = await showTo(person.email, [h(AccountWidget, { key: 'who' }), h(Knows, { key: 'knows' })])
  fireEvent.click(await screen.findByRole('button', { name: 'Account: First, Pro' }))

  const letGo = wire.holdUp('/v1/billing/state')
  press('Look again')
  await waitFor(() => expect(wire.seen.filter((each) => each.includes('billing/state'))).toHaveLength(2))
  press(/Switch to Second/)
  await screen.findByText('You are now in Second.')
  letGo()
  await screen.findByRole('button', { name: 'Account: Second, Free' })
  press(/Switch to First/)
  await screen.findByRole('button', { name: 'Account: First, Pro' })
  const shown = new Set(seen)
  for (const wrong of ['First: free', 'Second: pro']) expect(shown).not.toContain(wrong)
  for (const right of ['First: pro', 'Second: undefined', 'Second: free']) expect(shown).toContain(right)
})

test('all components share one look, which costs next to nothing when nothing has changed', async () => {
  const person = await registerVerified(t)
  const parts = [
    report,
    h(AccountWidget, { key: 'who' }),
    h(PricingTable, { key: 'plans' }),
    h(Knows, { key: 'knows' }),
  ]
  const { wire } = await showTo(person.email, parts)
  await screen.findByText('Your trial')
  const looks = () => wire.seen.filter((each) => each.startsWith('GET /v1/billing/state'))
  expect(looks()).toEqual(['GET /v1/billing/state 200'])
  press('Look again')
  await waitFor(() => expect(looks()).toEqual(['GET /v1/billing/state 200', 'GET /v1/billing/state 304']))
  screen.getByText('The report')

  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    fireEvent.focus(window)
    vi.setSystemTime(Date.now() + 61_000)
    fireEvent.focus(window)
    await waitFor(() => expect(looks()).toHaveLength(3))
  } finally {
    vi.useRealTimers()
  }
  expect(wire.seen.filter((each) => each.startsWith('GET /v1/plans'))).toHaveLength(1)
})

test('after the grace of an address everything closes until it is verified, whatever the plan', async () => {
  const person = await register(t)
  await showTo(person.email, [report, h(Knows, { key: 'knows' })])
  await screen.findByText('The report')
  await t.advance(8 * DAY)
  press('Look again')
  await screen.findByRole('heading', { name: 'Verify your address first' })
  press('Send a new link')
  await screen.findByText(`A new link is on its way to ${person.email}.`)
})

test('a feature says which plan has it, and strangers are asked in', async () => {
  const parts = [
    h(RequireFeature, { key: 'a', feature: 'flowpilot' }, h('p', null, 'Suggestions')),
    h(
      RequirePlan,
      { key: 'b', plan: 'pro', fallback: ({ kind }) => h('p', null, `Closed: ${kind}`) },
      'Secret',
    ),
    h(Knows, { key: 'c' }),
  ]
  const { client } = show(parts, { labels: { features: { flowpilot: 'FlowPilot' } }, signInUrl: '/in' })
  await screen.findByText('Closed: signed-out')
  expect(screen.getByRole('link', { name: 'Sign in' }).getAttribute('href')).toBe('/in')

  const person = await registerVerified(t)
  await act(() => client.signIn({ email: person.email, password: PASSWORD }))
  await screen.findByText('Suggestions')
  await t.app.pool.query('update grants set until_at = from_at where account_id = $1', [person.accountId])
  const other = await register(t)
  await t.app.pool.query('update grants set until_at = from_at where account_id = $1', [other.accountId])
  await act(() => client.signOut())
  await screen.findByText('Closed: signed-out')
  await act(() => client.signIn({ email: other.email, password: PASSWORD }))
  await screen.findByRole('heading', { name: 'The Pro plan has FlowPilot' })
  screen.getByText('Closed: closed')
})

test('a limit that is reached is said before anything is typed, by the product’s own count or the service’s', async () => {
  const person = await registerVerified(t)
  await t.app.pool.query('update grants set until_at = from_at where account_id = $1', [person.accountId])
  const limits = [
    h(RequireLimit, { key: 'a', limit: 'trees', used: 0 }, h('p', null, 'A first tree')),
    h(RequireLimit, { key: 'b', limit: 'trees', used: 3 }, h('p', null, 'A fourth tree')),
    h(RequireLimit, { key: 'c', limit: 'kb_conversions' }, h('p', null, 'An article')),
  ]
  await showTo(person.email, limits, { pricingUrl: '/pricing' })
  await screen.findByText('A first tree')
  expect(screen.getAllByRole('heading', { name: 'This takes the Pro plan' })).toHaveLength(2)
  screen.getByText(/3 of 1 used/)
  for (const closed of ['A fourth tree', 'An article']) expect(screen.queryByText(closed)).toBeNull()
})

test('every refusal is said with its way out', async () => {
  const person = await register(t)
  const refused = (code: string, status: number, members: object = {}) => {
    const said = { type: `/problems/${code}`, code, status, title: 'Not so', detail: 'It does not fit.' }
    return new FrontgateProblem({ ...said, instance: 'r1', ...members } as never)
  }
  const problems: Record<string, unknown> = {
    unverified: refused('email-verification-required', 403),
    over: refused('subscription-required', 402, { reason: 'trial-expired', required_plan: 'pro' }),
    feature: refused('feature-not-in-plan', 402, { feature: 'scripts', required_plan: 'pro' }),
    limit: refused('limit-reached', 402, {
      limit: 5,
      used: 5,
      required_plan: 'team',
      resets_at: '2031-01-01T00:00:00.000Z',
    }),
    sales: refused('self-serve-disabled', 403, { sales_url: 'https://sales.example/' }),
    own: refused('tree-not-whole', 422),
    network: new TypeError('fetch failed'),
    none: null,
  }
  const all = Object.entries(problems).map(([id, problem]) =>
    h('div', { key: id, 'data-testid': id }, h(Problem, { problem })),
  )
  const labels = { features: { scripts: 'Scripts' } }
  await showTo(person.email, all, { pricingUrl: '/pricing', labels })
  const of = (id: string) => within(screen.getByTestId(id))
  await of('over').findByRole('heading', { name: 'This takes the Pro plan' })
  of('over').getByText(/Your trial is over. Nothing is lost/)
  await of('feature').findByRole('heading', { name: 'The Pro plan has Scripts' })
  of('limit').getByText(/5 of 5 used. More from January 1, 2031/)
  for (const id of ['over', 'feature', 'limit'])
    expect(of(id).getByRole('link', { name: 'See plans' }).getAttribute('href')).toBe('/pricing')
  expect(of('sales').getByRole('link', { name: 'Talk to sales' }).getAttribute('href')).toBe(
    'https://sales.example/',
  )
  of('own').getByText('Not so. It does not fit.')
  of('network').getByText(/cannot be reached/)
  expect(screen.getByTestId('none').textContent).toBe('')
  of('unverified').getByRole('heading', { name: 'Verify your address first' })
  fireEvent.click(of('unverified').getByRole('button', { name: 'Send a new link' }))
  await of('unverified').findByText(/A new link is on its way|Too many attempts/)
})

test('strangers register before they buy; members are told whom to ask', async () => {
  show(h(PricingTable))
  await screen.findByRole('heading', { name: 'Pro' })
  screen.getByText('$29')
  expect(screen.getByRole('link', { name: 'Talk to sales' }).getAttribute('href')).toContain(
    'plan=enterprise',
  )
  screen.getByText('Free for 14 days, no card needed.')
  fireEvent.click(screen.getAllByRole('button', { name: 'Create account' })[0] as HTMLElement)
  const email = newAddress()
  const form = (await screen.findByRole('region', { name: 'Create your account' })).querySelector('form')
  type('E-mail', email)
  type('Password', PASSWORD)
  fireEvent.submit(form as HTMLFormElement)
  await screen.findByText('Your trial')
  screen.getByRole('button', { name: 'Keep Pro' })
  cleanup()

  const owner = await registerVerified(t, { account_name: 'Engines' })
  const viewer = await newMember(t, owner, 'viewer')
  await showTo(viewer.email, h(PricingTable))
  await screen.findByText('An owner or admin of Engines can change the plan.')
  expect(screen.queryByRole('button', { name: /Choose|Keep/ })).toBeNull()
})

test('who has bought elsewhere meanwhile is led to the portal, and then sees it by themselves', async () => {
  const person = await registerVerified(t)
  const { went } = await showTo(person.email, [h(PricingTable, { key: 'p' }), h(Knows, { key: 'k' })])
  const keep = await screen.findByRole('button', { name: 'Keep Pro' })
  const { body } = await checkout(t, person)
  pay(t, body.id)
  await t.flush()
  fireEvent.click(keep)
  await waitFor(() => expect(went).toHaveLength(1))
  expect(went[0]).toContain('/portal')
  press('Look again')
  fireEvent.click(await screen.findByRole('button', { name: 'Manage billing' }))
  await waitFor(() => expect(went).toHaveLength(2))
  await waitFor(() => press('Change to Team'))
  await waitFor(() => expect(went).toHaveLength(3))
})

test('a failed renewal shows until when the plan stays, and how to mend it', async () => {
  const person = await buyer(t, { card: FAILS_LATER, trial: true })
  await t.advance(14 * DAY + 3600 * 2)
  const { went } = await showTo(person.email, h(AccountWidget))
  fireEvent.click(await screen.findByRole('button', { name: /^Account: / }))
  await screen.findByText(/The last payment failed. Your plan stays until/)
  press('Update payment method')
  await waitFor(() => expect(went).toHaveLength(1))
})

test('where nothing is sold online and nobody may register, sales is the way', async () => {
  const closed = await startTestAppWith({ SELF_SERVE_ENABLED: 'false' }, { work: false })
  await closed.fastify.listen({ host: '127.0.0.1', port: 0 })
  show([h(PricingTable, { key: 'p' }), h(SignIn, { key: 's', register: true })], { lang: 'de-AT' }, closed)
  await screen.findByRole('heading', { name: 'Konto anlegen' })
  await screen.findByText('Zahlung im Netz ist hier nicht eingerichtet.')
  const links = screen.getAllByRole('link', { name: 'Vertrieb fragen' })
  for (const link of links) expect(link.getAttribute('href')).toContain('talk-to-sales')
  expect(screen.queryByRole('button', { name: 'Konto anlegen' })).toBeNull()
})
