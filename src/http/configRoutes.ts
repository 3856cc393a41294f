import type { FastifyReply, FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import type { App } from '../app.ts'
import { route } from './route.ts'
import { Nullable, named } from './schemas.ts'
import type { Server } from './server.ts'

/** Whether a visitor may create an account here; it may mark their browser to know them again. */
export type IsOpenFor = (request: FastifyRequest, reply: FastifyReply) => Promise<boolean>

const PublicConfigSchema = named(
  'PublicConfig',
  Type.Object({
    self_serve_enabled: Type.Boolean({
      description:
        'Whether this visitor may create an account. Someone at an address that may is let in all the same.',
    }),
    sales_url: Type.String({ description: 'Where those who may not are offered to talk to sales.' }),
    upgrade_url: Type.String({ description: 'Where refusals send those whose plan does not do.' }),
    turnstile_site_key: Nullable(
      Type.String({ description: 'Of the widget whose token POST /v1/sales-leads takes; null for none.' }),
    ),
    stripe_enabled: Type.Boolean(),
    oauth_providers: Type.Array(Type.String()),
    trial_days: Type.Integer(),
    verification_grace_days: Type.Integer(),
    password_min_length: Type.Integer(),
    brand: Type.Object({
      product_name: Type.String(),
      logo_url: Nullable(Type.String()),
      accent_color: Type.String({ description: 'As #rrggbb.' }),
      terms_url: Nullable(Type.String()),
      privacy_url: Nullable(Type.String()),
    }),
    product_origins: Type.Array(Type.String(), {
      description: 'The origins of the product, where people may be sent back to; the first is where it is.',
    }),
  }),
)

type PublicConfig = Static<typeof PublicConfigSchema>

/** What pages need to know before anybody signs in, as it is for one visitor. */
export function describeConfig(app: App, isOpen: boolean): PublicConfig {
  const { config } = app
  return {
    self_serve_enabled: isOpen,
    sales_url: config.salesUrl,
    upgrade_url: config.upgradeUrl,
    turnstile_site_key: config.turnstileSiteKey ?? null,
    stripe_enabled: app.stripe !== null,
    oauth_providers: [...app.oidc.providers],
    trial_days: config.trialDays,
    verification_grace_days: config.verificationGraceDays,
    password_min_length: config.passwordMinLength,
    brand: {
      product_name: config.productName,
      logo_url: config.logoUrl ?? null,
      accent_color: config.accentColor,
      terms_url: config.termsUrl ?? null,
      privacy_url: config.privacyUrl ?? null,
    },
    product_origins: [...config.productOrigins],
  }
}

/** Tells pages of other origins what those of this one are served with. */
export function configRoutes(server: Server, app: App, isOpenFor: IsOpenFor): void {
  route(
    server,
    app,
    {
      operationId: 'getConfig',
      method: 'GET',
      url: '/v1/config',
      access: 'anyone',
      summary: 'Settings that pages show',
      replies: { 200: PublicConfigSchema },
    },
    async ({ request, reply }) => describeConfig(app, await isOpenFor(request, reply)),
  )
}
