import type { FastifyReply, FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import type { App } from '../app.ts'
import { roles } from '../http/actor.ts'
import { Instant, Nullable, named, Uuid } from '../http/schemas.ts'
import type { Access } from './access.ts'
import { ACCESS_TOKEN_SECONDS } from './accessTokens.ts'
import { amrOf, entitlementClaim, graceEndOf, lacksSecondFactor } from './rules.ts'
import type { Snapshot } from './snapshot.ts'

/** What a member may do. */
export const RoleSchema = named('Role', Type.Enum([...roles]))

/** A user in the words of the wire, as they see themselves. */
export const UserSchema = named(
  'User',
  Type.Object({
    id: Uuid,
    email: Type.String(),
    name: Nullable(Type.String()),
    email_verified: Type.Boolean(),
    verification_grace_ends_at: Nullable(Instant),
    has_password: Type.Boolean(),
    created_at: Instant,
  }),
)

export const AccountRefSchema = named(
  'AccountRef',
  Type.Object({ id: Uuid, name: Type.String(), role: RoleSchema }),
)

export const TokensSchema = named(
  'Tokens',
  Type.Object({
    access_token: Type.String(),
    token_type: Type.Literal('Bearer'),
    expires_in: Type.Integer({ description: 'Seconds.' }),
    refresh_token: Type.Optional(Type.String({ description: 'Only with `token_delivery: "body"`.' })),
    user: UserSchema,
    account: Nullable(AccountRefSchema),
    accounts: Type.Array(AccountRefSchema),
    needs_second_factor: Type.Boolean({
      description:
        'The account asks its members for a second factor, and none has proved this session: it opens nothing of the account until then.',
    }),
  }),
)

/** Whether the refresh token goes into a cookie (browsers) or into the body (everything else). */
export const TokenDelivery = Type.Optional(
  Type.Enum(['cookie', 'body'], {
    description: 'Where the refresh token goes. Default: an HttpOnly cookie.',
  }),
)
export type TokenDelivery = 'cookie' | 'body' | undefined

/** The body of every reply that signs somebody in or keeps them signed in. */
export async function tokensFor(
  access: Access,
  config: App['config'],
  snapshot: Snapshot,
  at: Date,
): Promise<Omit<Static<typeof TokensSchema>, 'refresh_token'>> {
  const { session, user, account, role, accounts, facts } = snapshot
  // Whoever decides by role and plan alone is not to let them in either.
  const isUnproved = lacksSecondFactor(snapshot)
  const accessToken = await access.tokens.issue(
    {
      sub: user.id,
      sid: session.id,
      account_id: account?.id ?? null,
      role: isUnproved ? null : role,
      email_verified: user.emailVerifiedAt !== null,
      verification_grace_ends_at: graceEndOf(user, config)?.toISOString() ?? null,
      ent: facts && !isUnproved ? entitlementClaim(facts, await access.catalogueOf(snapshot), at) : null,
      amr: amrOf(session),
      ...(isUnproved && { needs_second_factor: true }),
    },
    at,
  )
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: ACCESS_TOKEN_SECONDS,
    user: describeUser(snapshot.user, config),
    account: account && role ? { id: account.id, name: account.name, role } : null,
    accounts,
    needs_second_factor: isUnproved,
  }
}

/** A user in the words of the wire. */
export function describeUser(user: Snapshot['user'], config: Pick<App['config'], 'verificationGraceDays'>) {
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    email_verified: user.emailVerifiedAt !== null,
    verification_grace_ends_at: graceEndOf(user, config)?.toISOString() ?? null,
    has_password: user.hasPassword,
    created_at: user.createdAt.toISOString(),
  }
}

/** Puts the refresh token where the client asked for it. */
export function deliver<T extends object>(
  { reply, config, delivery }: { reply: FastifyReply; config: App['config']; delivery: TokenDelivery },
  { refreshToken, expiresAt }: { refreshToken: string; expiresAt: Date },
  body: T,
): T & { refresh_token?: string } {
  if (delivery === 'body') return { ...body, refresh_token: refreshToken }
  setCookie(reply, config, sessionCookieName(config), refreshToken, expiresAt)
  return body
}

/** Sets a cookie that only this host gets back and no script can read. */
export function setCookie(
  reply: FastifyReply,
  config: Pick<App['config'], 'publicUrl'>,
  name: string,
  value: string,
  expires: Date,
): void {
  void reply.setCookie(name, value, { ...cookieRules(config), expires })
}

/** Takes the session cookie away. */
export function clearSessionCookie(reply: FastifyReply, config: Pick<App['config'], 'publicUrl'>): void {
  clearCookie(reply, config, sessionCookieName(config))
}

/** Takes a cookie away that `setCookie` has set. */
export function clearCookie(
  reply: FastifyReply,
  config: Pick<App['config'], 'publicUrl'>,
  name: string,
): void {
  void reply.clearCookie(name, cookieRules(config))
}

/** The refresh token of a browser's request. */
export function sessionCookie(
  request: FastifyRequest,
  config: Pick<App['config'], 'publicUrl'>,
): string | undefined {
  return request.cookies[sessionCookieName(config)]
}

/** `__Host-` ties a cookie to the host; browsers take it only over https, so plain loopback goes without. */
export function cookieName(config: Pick<App['config'], 'publicUrl'>, name: string): string {
  return isHttps(config) ? `__Host-${name}` : name
}

const sessionCookieName = (config: Pick<App['config'], 'publicUrl'>) =>
  cookieName(config, 'frontgate_session')
const isHttps = ({ publicUrl }: Pick<App['config'], 'publicUrl'>) => publicUrl.startsWith('https:')
const cookieRules = (config: Pick<App['config'], 'publicUrl'>) =>
  ({ path: '/', httpOnly: true, secure: isHttps(config), sameSite: 'lax' }) as const
