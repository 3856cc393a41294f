import Type from 'typebox'
import type { App } from '../app.ts'
import type { IsOpenFor } from './plainPage.ts'
import { route } from './route.ts'
import { Nullable, named } from './schemas.ts'
import type { Server } from './server.ts'

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
  }),
)

/** What pages need to know before anybody signs in. */
export function configRoutes(server: Server, app: App, isOpenFor: IsOpenFor): void {
  const { config } = app
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
    async ({ request, reply }) => ({
      self_serve_enabled: await isOpenFor(request, reply),
      sales_url: config.salesUrl,
      upgrade_url: config.upgradeUrl,
      turnstile_site_key: config.turnstileSiteKey ?? null,
      stripe_enabled: app.stripe !== null,
      oauth_providers: app.oidc.providers,
      trial_days: config.trialDays,
      verification_grace_days: config.verificationGraceDays,
      password_min_length: config.passwordMinLength,
    }),
  )
}
