import { randomUUID } from 'node:crypto'
import type { GooglePerson } from '../../sandbox/oidc/google.ts'
import type { MicrosoftPerson } from '../../sandbox/oidc/microsoft.ts'
import type { ProviderName } from '../../src/oidc/rules.ts'
import type { Browser, Page, Visit } from './browser.ts'
import type { OauthApp } from './oauthApp.ts'
import { newAddress, PASSWORD } from './people.ts'
import type { TestReply } from './testApp.ts'

export const DIRECTORY = '6f1d7c1e-52a0-4b6e-9d51-0c2f5a8e7b01'

/** Somebody at Google; without fields one whose mailbox Google vouches for. */
export function atGoogle(t: OauthApp, fields: Fields<GooglePerson> = {}): GooglePerson & { email: string } {
  const email = fields.email ?? newAddress()
  const person = {
    sub: randomUUID(),
    email_verified: true,
    hd: 'customer.example',
    name: 'Ada Lovelace',
    ...fields,
    email,
  } as GooglePerson & { email: string }
  t.google.people.put(person)
  return person
}

/** Fields of a person; what is undefined is absent from their tokens. */
type Fields<Person> = { [Field in keyof Person]?: Person[Field] | undefined }

/** Somebody at Microsoft; without fields one of a company whose domain Microsoft knows. */
export function atMicrosoft(
  t: OauthApp,
  fields: Fields<MicrosoftPerson> = {},
): MicrosoftPerson & { email: string } {
  const email = fields.email ?? newAddress()
  const person = {
    oid: randomUUID(),
    tid: DIRECTORY,
    xms_edov: true,
    name: 'Ada Lovelace',
    ...fields,
    email,
  } as MicrosoftPerson & { email: string }
  t.microsoft.people.put(person)
  return person
}

/** Has a browser go to a provider as a person, and back to where the service sends it. */
export function comeBy(
  browser: Browser,
  provider: ProviderName,
  person: GooglePerson | MicrosoftPerson,
  query: Record<string, string> = {},
  visit: Visit = {},
): Promise<Page> {
  const login_hint = 'sub' in person ? person.sub : person.oid
  return browser.open(
    `/v1/auth/oauth/${provider}/start?${new URLSearchParams({ login_hint, ...query })}`,
    visit,
  )
}

/** The same, stopped before the browser brings the answer back: returns the address of the callback. */
export async function answerOf(
  browser: Browser,
  provider: ProviderName,
  person: GooglePerson | MicrosoftPerson,
  query: Record<string, string> = {},
): Promise<URL> {
  const { next } = await comeBy(browser, provider, person, query, { stopBefore: /\/callback\?/ })
  if (!next) throw new Error('The provider sent nobody back')
  return new URL(next)
}

/** What a page of ours was told: the code behind `?error=`. */
export function errorOf({ url }: Pick<Page, 'url'>): string | null {
  return new URL(url).searchParams.get('error')
}

/** The tokens of whoever is signed in in a browser; throws where nobody is. */
export async function tokensOf(t: OauthApp, browser: Browser): Promise<TestReply['body']> {
  const reply = await refresh(t, browser)
  if (reply.status !== 200) throw new Error(`Nobody is signed in: ${reply.text}`)
  return reply.body
}

/** Whether somebody is signed in in a browser. */
export async function isSignedIn(t: OauthApp, browser: Browser): Promise<boolean> {
  return (await refresh(t, browser)).status === 200
}

async function refresh(t: OauthApp, browser: Browser): Promise<TestReply> {
  const reply = await t.call('POST', '/v1/auth/refresh', { cookies: cookiesOf(browser), body: {} })
  const next = Object.entries(reply.cookies).map(([name, value]) => `${name}=${value}; Path=/`)
  browser.cookies.take(new URL(t.app.config.publicUrl), next)
  return reply
}

/** The cookies of the service in a browser, where the sandbox’s are kept under the same name of this machine. */
export function cookiesOf(browser: Browser): Record<string, string> {
  const own = browser.cookies.list().filter(({ name }) => name.startsWith('frontgate_'))
  return Object.fromEntries(own.map(({ name, value }) => [name, value]))
}

/** The identities of whoever has this access token, by provider. */
export async function identitiesOf(
  t: OauthApp,
  as: string,
): Promise<{ id: string; provider: string; email: string | null }[]> {
  const { body } = await t.call('GET', '/v1/me/identities', { as })
  return body.data
}

/** A browser in which somebody has just signed in with a password. */
export async function browserOf(t: OauthApp, email: string, password = PASSWORD) {
  const browser = t.browser()
  const { cookies } = await t.call('POST', '/v1/auth/login', { body: { email, password } })
  const lines = Object.entries(cookies).map(([name, value]) => `${name}=${value}; Path=/`)
  browser.cookies.take(new URL(t.app.config.publicUrl), lines)
  return browser
}
