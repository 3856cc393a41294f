import { createHash } from 'node:crypto'
import type { Persona } from './persona.ts'

export const MICROSOFT_CLIENT_ID = 'f4027ca7-e000-4000-8000-5a4db0c5a4db'
export const MICROSOFT_CLIENT_SECRET = 'sandbox-microsoft-secret'

/** What Microsoft says of somebody; what is left out is absent from the token. */
export interface MicrosoftPerson {
  oid: string
  tid: string
  email?: string
  /** Whether the owner of the address's domain runs the directory, in whatever shape. */
  xms_edov?: string | number | boolean
  preferred_username?: string
  name?: string
}

const ORIGIN = 'https://login.microsoftonline.com'
/** The directory of all personal accounts. */
export const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad'
const HOPPER = '6f1d7c1e-52a0-4b6e-9d51-0c2f5a8e7b01'
const LAMARR = '2b9e40a7-8c3d-4f27-a1b6-d4e85c9f3002'
const NOBODYS = '00000000-dead-4bad-8bad-00000000dead'
const DIRECTORY_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const SHARED_KEY = 'sandbox-microsoft-shared'
const CONSUMERS_KEY = 'sandbox-microsoft-consumers'
const LIVES_SECONDS = 3600

const issuerOf = (directory: string) => `${ORIGIN}/${directory}/v2.0`

/** https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference */
export const microsoft: Persona<MicrosoftPerson> = {
  name: 'microsoft',
  title: 'Microsoft',
  origins: [ORIGIN],
  clientId: MICROSOFT_CLIENT_ID,
  clientSecret: MICROSOFT_CLIENT_SECRET,
  issuer: issuerOf('common'),
  namesItself: false,
  paths: {
    place: '/:directory',
    metadata: '/v2.0/.well-known/openid-configuration',
    keys: '/discovery/v2.0/keys',
    authorization: '/oauth2/v2.0/authorize',
    token: '/oauth2/v2.0/token',
  },
  metadata: (directory) => ({
    issuer: issuerOf(ownerOf(directory)),
    authorization_endpoint: `${ORIGIN}/${directory}/oauth2/v2.0/authorize`,
    token_endpoint: `${ORIGIN}/${directory}/oauth2/v2.0/token`,
    jwks_uri: `${ORIGIN}/${directory}/discovery/v2.0/keys`,
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid', 'profile', 'email'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    claims_supported: [
      'sub',
      'iss',
      'aud',
      'exp',
      'iat',
      'nonce',
      'preferred_username',
      'name',
      'tid',
      'ver',
      'email',
    ],
    request_uri_parameter_supported: false,
  }),
  keys: [
    { kid: SHARED_KEY, issuer: issuerOf('{tenantid}') },
    { kid: CONSUMERS_KEY, issuer: issuerOf(CONSUMERS) },
  ],
  signerOf: ({ tid }) => (tid.toLowerCase() === CONSUMERS ? CONSUMERS_KEY : SHARED_KEY),
  foreignSigner: CONSUMERS_KEY,
  otherIssuer: issuerOf(NOBODYS),
  claimsOf: ({ oid, tid, email, xms_edov, preferred_username, name }, { nonce, issuedAt }) => ({
    aud: MICROSOFT_CLIENT_ID,
    iss: issuerOf(tid),
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + LIVES_SECONDS,
    email,
    name,
    nonce,
    oid,
    preferred_username,
    sub: pairwise(oid, tid),
    tid,
    ver: '2.0',
    xms_edov,
  }),
  keyOf: ({ oid, tid }) => `${tid}/${oid}`.toLowerCase(),
  hintsOf: ({ oid, email, preferred_username }) => ({ exact: [oid], addresses: [email, preferred_username] }),
  readyMade: [
    // She is at Google too: one mailbox, two ways in.
    {
      oid: 'a1a1a1a1-0005-4005-8005-000000000005',
      tid: HOPPER,
      email: 'grace@hopper.example',
      xms_edov: true,
      preferred_username: 'grace@hopper.example',
      name: 'Grace Hopper',
    },
    {
      oid: 'a1a1a1a1-0001-4001-8001-000000000001',
      tid: HOPPER,
      email: 'katherine@johnson.example',
      xms_edov: true,
      preferred_username: 'katherine@johnson.example',
      name: 'Katherine Johnson',
    },
    {
      oid: 'a1a1a1a1-0002-4002-8002-000000000002',
      tid: LAMARR,
      email: 'hedy@lamarr.example',
      preferred_username: 'hedy@lamarr.example',
      name: 'Hedy Lamarr',
    },
    {
      oid: 'a1a1a1a1-0003-4003-8003-000000000003',
      tid: HOPPER,
      preferred_username: 'joan@clarke.example',
      name: 'Joan Clarke',
    },
    {
      oid: '00000000-0000-0000-a1a1-000000000004',
      tid: CONSUMERS,
      email: 'margaret@hamilton.example',
      preferred_username: 'margaret@hamilton.example',
      name: 'Margaret Hamilton',
    },
  ],
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['oid', 'tid'],
    properties: {
      oid: { type: 'string', minLength: 1, maxLength: 100 },
      tid: { type: 'string', minLength: 1, maxLength: 100 },
      email: { type: 'string', maxLength: 320 },
      xms_edov: { anyOf: [{ type: 'boolean' }, { type: 'number' }, { type: 'string' }] },
      preferred_username: { type: 'string', maxLength: 320 },
      name: { type: 'string', maxLength: 1000 },
    },
  },
}

/** Whom a path speaks for: one directory, or in the words of a template whichever the person is from. */
function ownerOf(directory: string): string {
  if (directory === 'consumers') return CONSUMERS
  return DIRECTORY_ID.test(directory) ? directory.toLowerCase() : '{tenantid}'
}

/** Microsoft calls the same person something else in every application. */
function pairwise(oid: string, tid: string): string {
  return createHash('sha256').update(`${MICROSOFT_CLIENT_ID} ${tid} ${oid}`).digest('base64url')
}
