import type { ProviderName } from '../../src/oidc/rules.ts'

/** What a provider puts into a token, by the names of the claims; what is undefined is left out. */
export type Claims = Record<string, unknown>

/** What a token is made for: one authorization of the client. */
export interface Occasion {
  nonce: string | undefined
  /** In seconds. */
  issuedAt: number
}

/** A key that tokens are signed with. */
export interface KeyName {
  kid: string
  /** Whom it signs for, where the provider says so. */
  issuer?: string
}

/** What makes a provider the one it is: where it answers, and what it says of people. */
export interface Persona<Person extends object> {
  name: ProviderName
  title: string
  /** The origins at which it answers, none of which is asked when it is played. */
  origins: readonly string[]
  clientId: string
  clientSecret: string
  issuer: string
  /** Whether it names itself in what it sends people back with (RFC 9207). */
  namesItself: boolean
  /** Below its place in the sandbox, which may be one for each directory. */
  paths: { place: string; metadata: string; keys: string; authorization: string; token: string }
  /** Its metadata, as seen from the directory that was asked. */
  metadata(directory: string): object
  keys: readonly KeyName[]
  /** The key that signs for a person. */
  signerOf(person: Person): string
  /** The key that must not sign for most people. */
  foreignSigner: string
  /** An issuer that is not the one of the person. */
  otherIssuer: string
  claimsOf(person: Person, occasion: Occasion): Claims
  /** What tells people apart. */
  keyOf(person: Person): string
  /** What a `login_hint` may name a person by, exactly and in any case. */
  hintsOf(person: Person): { exact: string[]; addresses: (string | undefined)[] }
  /** Who is there before anybody was made. */
  readyMade: readonly Person[]
  /** The schema of a person, for those who are made by a call. */
  schema: object
}
