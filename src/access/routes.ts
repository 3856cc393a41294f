import Type from 'typebox'
import type { App } from '../app.ts'
import type { Decision } from '../entitlements/rules.ts'
import { route } from '../http/route.ts'
import { Fields, named } from '../http/schemas.ts'
import type { Server } from '../http/server.ts'
import { problem } from '../problems.ts'
import type { Access } from './access.ts'
import { carryRefusals } from './carryRefusals.ts'
import { guard } from './guard.ts'
import { readPlainQuery, readRequirement } from './rules.ts'
import type { Snapshot } from './snapshot.ts'
import { RoleSchema } from './tokensReply.ts'

const JWKS_SECONDS = 300

const header = (description: string) => Type.String({ description })

/** The proxy hands these on to the product, in place of whatever the client sent under their names. */
const Passed = Type.Unsafe<undefined>({
  type: 'null',
  description: 'It may pass.',
  headers: {
    'x-frontgate-user': header('The id of the user.'),
    'x-frontgate-account': header('The id of the account.'),
    'x-frontgate-role': header('The role of the user in the account.'),
    'x-frontgate-plan': header('The plan of the account.'),
  },
})

const JsonWebKeySchema = named(
  'JsonWebKey',
  Type.Object({
    kty: Type.Literal('OKP'),
    crv: Type.Literal('Ed25519'),
    x: Type.String(),
    kid: Type.String(),
    alg: Type.Literal('EdDSA'),
    use: Type.Literal('sig'),
  }),
)

/** Forward-auth for proxies, and the keys that access tokens are verified with. */
export function accessRoutes(server: Server, app: App, access: Access): void {
  route(
    server,
    app,
    {
      operationId: 'forwardAuth',
      method: 'GET',
      // Envoy asks with the method of the request that it holds up.
      alsoBy: ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      url: '/v1/forward-auth',
      access: { member: 'viewer' },
      summary: 'Whether a request to the product may pass, asked by the proxy in front of it',
      query: Fields({
        require: Type.Optional(
          Type.Array(Type.String({ pattern: '^plan:[a-z][a-z0-9_]*$' }), {
            description: 'Such as `plan:pro`.',
          }),
        ),
        feature: Type.Optional(Type.Array(Type.String({ pattern: '^[a-z][a-z0-9_]*$' }))),
        role: Type.Optional(RoleSchema),
        refuse: Type.Optional(
          Type.Literal('403', {
            description:
              'For proxies that know no refusals but 401 and 403, as nginx: all others are answered with 403. Each names the status that is meant in `X-Frontgate-Status`, and carries its body in `X-Frontgate-Problem` too.',
          }),
        ),
      }),
      replies: { 200: Passed },
      refusals: ['subscription-required', 'feature-not-in-plan', 'email-verification-required'],
    },
    async ({ caller: { actor }, query, reply, at }) => {
      const { require = [], feature = [], role } = query
      const requirement = readRequirement(require, feature)
      if (!requirement) {
        const detail = 'names more than one plan'
        throw problem('invalid-request', { errors: [{ pointer: '#/query/require', detail }] })
      }
      const snapshot = access.snapshotOf(actor)
      const asked = { ...requirement, ...(role && { role }) }
      const verdict = guard(snapshot, asked, await access.catalogueOf(snapshot), app.config, at)
      if (verdict.kind === 'refused') throw verdict.refusal
      reply.headers(passHeaders(snapshot, verdict.decision))
    },
    (asked, at) => {
      const requirement = readPlainQuery(asked.query)
      const snapshot = requirement && access.rememberedMember(asked, at)
      const catalogue = snapshot && access.rememberedCatalogueOf(snapshot)
      if (!catalogue) return null
      const verdict = guard(snapshot, requirement, catalogue, app.config, at)
      if (verdict.kind === 'refused') return null
      return { status: 200, headers: passHeaders(snapshot, verdict.decision), body: '' }
    },
  )

  carryRefusals(server, 'forwardAuth')

  route(
    server,
    app,
    {
      operationId: 'getKeys',
      method: 'GET',
      url: '/.well-known/jwks.json',
      access: 'anyone',
      summary: 'The public keys that access tokens are verified with (RFC 7517)',
      replies: { 200: Type.Object({ keys: Type.Array(JsonWebKeySchema) }) },
    },
    async ({ reply, at }) => {
      reply.header('cache-control', `public, max-age=${JWKS_SECONDS}`)
      return { keys: await access.tokens.publicKeys(at) }
    },
  )
}

function passHeaders({ user, account, role }: Snapshot, { plan }: Decision): Record<string, string> {
  return {
    'x-frontgate-user': user.id,
    'x-frontgate-account': account?.id ?? '',
    'x-frontgate-role': role ?? '',
    'x-frontgate-plan': plan.plan,
  }
}
