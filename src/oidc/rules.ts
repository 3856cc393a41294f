/** Whom one can sign in with. */
export const providerNames = ['google', 'microsoft'] as const
export type ProviderName = (typeof providerNames)[number]

/** What providers are called where people read. */
export const providerTitles: Record<ProviderName, string> = { google: 'Google', microsoft: 'Microsoft' }

/** Providers in the middle of a sentence: `Google and Microsoft`. */
export function nameProviders(providers: readonly ProviderName[]): string {
  return providers.map((provider) => providerTitles[provider]).join(' and ')
}

/** Who somebody is at a provider. The first three are the key; the address is only where to ask. */
export interface Identity {
  provider: ProviderName
  issuer: string
  /** Never seen with another person within its issuer. */
  subject: string
  /** As the provider writes it; null when it names none. */
  email: string | null
  /** Whether the provider speaks for this address, so that whoever it names has that mailbox. */
  emailVerified: boolean
  name: string | null
}

export type Reading =
  | { kind: 'identity'; identity: Identity }
  /** The token is genuine, and whom it names may not come in here. */
  | { kind: 'not-allowed'; detail: string }
  /** The token contradicts itself, or lacks what tells people apart. */
  | { kind: 'unfit'; detail: string }

/** Claims of an ID token whose signature, issuer, audience, nonce and times have been checked. */
export type Claims = Record<string, unknown>

const LONGEST_SUBJECT = 255

export const GOOGLE_ISSUER = 'https://accounts.google.com'

/**
 * Who a token of Google names (https://developers.google.com/identity/gsi/web/guides/verify-google-id-token). Google
 * speaks for its own mail and for the domains it hosts; a verified address elsewhere was its owner's once.
 */
export function readGoogle(claims: Claims, { hostedDomains }: { hostedDomains: readonly string[] }): Reading {
  const subject = text(claims.sub)
  if (!subject || subject.length > LONGEST_SUBJECT) return unfit('The token names nobody.')
  const hostedDomain = hostOf(text(claims.hd))
  if (hostedDomains.length > 0 && !(hostedDomain && hostedDomains.includes(hostedDomain)))
    return notAllowed('Sign in with the Google account of your company: others may not come in here.')
  const email = text(claims.email)
  const speaksFor = hostedDomain !== null || (email?.toLowerCase().endsWith('@gmail.com') ?? false)
  return identity({
    provider: 'google',
    issuer: GOOGLE_ISSUER,
    subject,
    email,
    emailVerified: email !== null && claims.email_verified === true && speaksFor,
    name: displayName(claims.name),
  })
}

/** A domain as it is compared: in ASCII and lower case. */
function hostOf(domain: string | null): string | null {
  return domain === null ? null : (URL.parse(`https://${domain}`)?.hostname ?? null)
}

/** The directory of all personal Microsoft accounts. */
const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad'
const DIRECTORY_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const OBJECT_ID = new RegExp(DIRECTORY_ID, 'i')
const TEMPLATE = '{tenantid}'

const microsoftIssuer = (directory: string) => `https://login.microsoftonline.com/${directory}/v2.0`

export interface MicrosoftSettings {
  /** `common`, `organizations`, `consumers` or the id of one directory, in lower case. */
  tenant: string
  /** Empty where every directory may sign in. */
  allowedTenants: readonly string[]
}

/**
 * Who a token of Microsoft names (https://learn.microsoft.com/entra/identity-platform/claims-validation). Whoever
 * runs a directory writes what they like into its addresses, so one counts as verified only where Microsoft says that
 * the owner of its domain runs the directory (`xms_edov`), or where Microsoft runs it itself. `keyIssuer` is what the
 * key that signed is for: keys of one directory say nothing about others.
 */
export function readMicrosoft(
  claims: Claims,
  keyIssuer: string | null,
  { tenant, allowedTenants }: MicrosoftSettings,
): Reading {
  const directory = text(claims.tid)?.toLowerCase() ?? ''
  const person = text(claims.oid)
  if (!DIRECTORY_ID.test(directory)) return unfit('The token names no directory.')
  if (!person || person.length > LONGEST_SUBJECT) return unfit('The token names nobody in its directory.')
  const issuer = microsoftIssuer(directory)
  if (claims.iss !== issuer) return unfit('The token is not from the directory that it names.')
  if (!signsFor(keyIssuer, directory, tenant))
    return unfit('The token is signed with a key of another directory.')
  if (!letsIn(tenant, directory) || (allowedTenants.length > 0 && !allowedTenants.includes(directory)))
    return notAllowed('Sign in with the Microsoft account of your company: others may not come in here.')
  const email = text(claims.email)
  const speaksFor = directory === CONSUMERS || isTrue(claims.xms_edov)
  return identity({
    provider: 'microsoft',
    issuer,
    // Ids are the same in either case; what else there may be is not.
    subject: OBJECT_ID.test(person) ? person.toLowerCase() : person,
    // Many work accounts have no mailbox attribute; their sign-in name is as good a guess, and no more than one.
    email: email ?? text(claims.preferred_username),
    emailVerified: email !== null && speaksFor,
    name: displayName(claims.name),
  })
}

function signsFor(keyIssuer: string | null, directory: string, tenant: string): boolean {
  // Keys of one directory's own endpoint need not say so; those of the shared endpoints always do.
  if (keyIssuer === null) return tenant === directory
  return keyIssuer.replace(TEMPLATE, directory).toLowerCase() === microsoftIssuer(directory)
}

function letsIn(tenant: string, directory: string): boolean {
  switch (tenant) {
    case 'common':
      return true
    case 'organizations':
      return directory !== CONSUMERS
    case 'consumers':
      return directory === CONSUMERS
    default:
      return tenant === directory
  }
}

/** Optional claims of Entra arrive as booleans, numbers or text, depending on where they come from. */
function isTrue(claim: unknown): boolean {
  return claim === true || claim === 1 || claim === '1' || claim === 'true'
}

const LONGEST_NAME = 200

/** A name as mails and lists can show it: on one line, or none. */
function displayName(claim: unknown): string | null {
  const name = text(claim)
    ?.replace(/[\p{C}\u2028\u2029]+/gu, ' ')
    .trim()
  return name ? [...name].slice(0, LONGEST_NAME).join('') : null
}

function text(claim: unknown): string | null {
  return typeof claim === 'string' && claim !== '' ? claim : null
}

const identity = (identity: Identity): Reading => ({ kind: 'identity', identity })
const notAllowed = (detail: string): Reading => ({ kind: 'not-allowed', detail })
const unfit = (detail: string): Reading => ({ kind: 'unfit', detail })
