import { GOOGLE_ISSUER } from '../../src/oidc/rules.ts'
import type { Persona } from './persona.ts'

export const GOOGLE_CLIENT_ID = 'sandbox.apps.googleusercontent.com'
export const GOOGLE_CLIENT_SECRET = 'sandbox-google-secret'

/** What Google says of somebody; what is left out is absent from the token. */
export interface GooglePerson {
  sub: string
  email?: string
  email_verified?: boolean
  /** The domain that hosts the account. */
  hd?: string
  name?: string
}

const KEY = 'sandbox-google'
const LIVES_SECONDS = 3600

/** https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload */
export const google: Persona<GooglePerson> = {
  name: 'google',
  title: 'Google',
  origins: [GOOGLE_ISSUER, 'https://oauth2.googleapis.com', 'https://www.googleapis.com'],
  clientId: GOOGLE_CLIENT_ID,
  clientSecret: GOOGLE_CLIENT_SECRET,
  issuer: GOOGLE_ISSUER,
  namesItself: true,
  paths: {
    place: '',
    metadata: '/.well-known/openid-configuration',
    keys: '/oauth2/v3/certs',
    authorization: '/o/oauth2/v2/auth',
    token: '/token',
  },
  metadata: () => ({
    issuer: GOOGLE_ISSUER,
    authorization_endpoint: `${GOOGLE_ISSUER}/o/oauth2/v2/auth`,
    token_endpoint: 'https://oauth2.googleapis.com/token',
    jwks_uri: 'https://www.googleapis.com/oauth2/v3/certs',
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid', 'email', 'profile'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    claims_supported: ['aud', 'email', 'email_verified', 'exp', 'iat', 'iss', 'name', 'sub'],
    code_challenge_methods_supported: ['plain', 'S256'],
    grant_types_supported: ['authorization_code'],
    authorization_response_iss_parameter_supported: true,
  }),
  keys: [{ kid: KEY }],
  signerOf: () => KEY,
  foreignSigner: KEY,
  otherIssuer: 'https://accounts.google.example',
  claimsOf: ({ sub, email, email_verified, hd, name }, { nonce, issuedAt }) => ({
    iss: GOOGLE_ISSUER,
    azp: GOOGLE_CLIENT_ID,
    aud: GOOGLE_CLIENT_ID,
    sub,
    hd,
    email,
    email_verified,
    name,
    nonce,
    iat: issuedAt,
    exp: issuedAt + LIVES_SECONDS,
  }),
  keyOf: ({ sub }) => sub,
  hintsOf: ({ sub, email }) => ({ exact: [sub], addresses: [email] }),
  readyMade: [
    {
      sub: '108000000000000000001',
      email: 'ada.sandbox@gmail.com',
      email_verified: true,
      name: 'Ada Lovelace',
    },
    {
      sub: '108000000000000000002',
      email: 'grace@hopper.example',
      email_verified: true,
      hd: 'hopper.example',
      name: 'Grace Hopper',
    },
    { sub: '108000000000000000003', email: 'alan@turing.example', email_verified: true, name: 'Alan Turing' },
    {
      sub: '108000000000000000004',
      email: 'charles@babbage.example',
      email_verified: false,
      name: 'Charles Babbage',
    },
  ],
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['sub'],
    properties: {
      sub: { type: 'string', minLength: 1, maxLength: 255 },
      email: { type: 'string', maxLength: 320 },
      email_verified: { type: 'boolean' },
      hd: { type: 'string', maxLength: 255 },
      name: { type: 'string', maxLength: 1000 },
    },
  },
}
