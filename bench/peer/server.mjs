// better-auth with its Stripe plugin behind Fastify, as its documentation says to set it up for production. Of what slows it
// down and can be had off, its limits on requests are off, as ours are.
// Usage: node server.mjs <port>, with DATABASE_URL and SIGNING_SECRET; COOKIE_CACHE=true keeps sessions in cookies.
import { stripe } from '@better-auth/stripe'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { fromNodeHeaders } from 'better-auth/node'
import { organization } from 'better-auth/plugins/organization'
import fastify from 'fastify'
import pg from 'pg'
import Stripe from 'stripe'

const [port = ''] = process.argv.slice(2)
const { DATABASE_URL, SIGNING_SECRET = '', COOKIE_CACHE } = process.env
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 20 })
const origin = `http://127.0.0.1:${port}`

const options = {
  baseURL: origin,
  secret: 'a-secret-that-only-the-bench-knows-0123456789',
  database: pool,
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  session: { cookieCache: { enabled: COOKIE_CACHE === 'true', maxAge: 600 } },
  telemetry: { enabled: false },
  logger: { level: 'error' },
  plugins: [
    organization(),
    stripe({
      stripeClient: new Stripe('sk_test_bench'),
      stripeWebhookSecret: SIGNING_SECRET,
      organization: { enabled: true },
      subscription: {
        enabled: true,
        plans: [{ name: 'pro', priceId: 'price_bench' }],
        async authorizeReference({ user, referenceId }) {
          const { rows } = await pool.query({
            name: 'authorize',
            text: 'select role from member where "organizationId" = $1 and "userId" = $2',
            values: [referenceId, user.id],
          })
          return rows.length > 0
        },
      },
    }),
  ],
}

const { runMigrations } = await getMigrations(options)
await runMigrations()
const auth = betterAuth(options)
const server = fastify()

server.get('/ready', async () => (await pool.query('select 1 as one')).rows[0])

// Its operations over HTTP. The body of a webhook is passed on as it came: its signature is over the bytes.
server.register(async (http) => {
  http.removeAllContentTypeParsers()
  http.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  http.route({
    method: ['GET', 'POST'],
    url: '/api/auth/*',
    async handler(request, reply) {
      const answer = await auth.handler(
        new Request(new URL(request.url, origin), {
          method: request.method,
          headers: fromNodeHeaders(request.headers),
          ...(request.body && { body: request.body }),
        }),
      )
      reply.status(answer.status)
      answer.headers.forEach((value, key) => {
        reply.header(key, value)
      })
      return reply.send(answer.body ? await answer.text() : null)
    },
  })
})

// The same asked within the process, which spares it its own router.
server.get('/session', async ({ headers }) => {
  const session = await auth.api.getSession({ headers: fromNodeHeaders(headers) })
  if (!session) throw new Error('There is no session')
  return session
})
server.get('/subscriptions', ({ headers, query }) =>
  auth.api.listActiveSubscriptions({
    headers: fromNodeHeaders(headers),
    query: { referenceId: query.of, customerType: 'organization' },
  }),
)

await server.listen({ host: '127.0.0.1', port: Number(port) })
// The bench holds the other end: when it is gone, so are we.
process.stdin.resume().on('end', () => process.exit())
