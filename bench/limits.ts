import {
  createHmac,
  createPublicKey,
  type KeyObject,
  timingSafeEqual,
  verify as verifySignature,
} from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { hash, verify as verifyPassword } from '@node-rs/argon2'
import fastify from 'fastify'
import pg from 'pg'

// What each path is held against: the least a server must do for it, run as a process of its own.
// Usage: node bench/limits.ts <name> <port>, with DATABASE_URL and PUBLIC_JWK where the limit needs them.

const [name = '', port = ''] = process.argv.slice(2)
const small = { status: 'ok' }
const argon2id = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 }

const limits: Record<string, () => Promise<unknown>> = {
  http: bareHttp,
  fastify: async () => listen(server().get('/', async () => small)),
  'fastify-pg': fastifyAndPg,
  'cached-token': cachedToken,
  eddsa: verifiedToken,
  'eddsa-select': verifiedTokenAndSelect,
  'argon2-hash': async () => passwords((password) => hash(password, argon2id)),
  'argon2-verify': async () => {
    const stored = await hash('correct horse battery staple', argon2id)
    return passwords((password) => verifyPassword(stored, password))
  },
  write: oneWrite,
  'signed-write': signedWrite,
}

const start = limits[name]
if (!start) throw new Error(`There is no limit ${name}; there are ${Object.keys(limits).join(', ')}`)
await start()
// The bench holds the other end: when it is gone, so are we.
process.stdin.resume().on('end', () => process.exit())

function server() {
  return fastify().get('/ready', async () => small)
}

function listen(server: { listen: (options: { host: string; port: number }) => unknown }) {
  return server.listen({ host: '127.0.0.1', port: Number(port) })
}

async function bareHttp() {
  const body = JSON.stringify(small)
  const headers = { 'content-type': 'application/json', 'content-length': body.length }
  listen(createServer((_request, reply) => reply.writeHead(200, headers).end(body)))
}

async function fastifyAndPg() {
  const pool = openPool()
  await listen(fastify().get('/ready', async () => (await pool.query('select 1 as one')).rows[0]))
}

async function cachedToken() {
  const key = publicKey()
  const known = new Map<string, Claims>()
  const claimsOf = (token: string) => {
    const claims = known.get(token) ?? check(key, token)
    known.set(token, claims)
    if (claims.exp * 1000 <= Date.now()) throw new Error('This token has expired')
    return claims
  }
  await listen(server().get('/', async ({ headers }) => ({ user: claimsOf(bearer(headers)).sub })))
}

async function verifiedToken() {
  const key = publicKey()
  await listen(server().get('/', async ({ headers }) => ({ user: check(key, bearer(headers)).sub })))
}

async function verifiedTokenAndSelect() {
  const [key, pool] = [publicKey(), openPool()]
  const query = { name: 'read', text: 'select * from bench_rows where id = $1' }
  let turn = 0
  const app = server().get('/', async ({ headers }) => {
    check(key, bearer(headers))
    return (await pool.query({ ...query, values: [turn++ % 1000] })).rows[0]
  })
  await listen(app)
}

async function passwords(work: (password: string) => Promise<unknown>) {
  const app = server().post<{ Body: { password: string } }>('/', async ({ body }) => {
    if (!(await work(body.password))) throw new Error('This is not the password')
    return small
  })
  await listen(app)
}

async function oneWrite() {
  const pool = openPool()
  const query = {
    name: 'write',
    text: 'update bench_rows set count = count + 1, changed_at = $2 where id = $1 returning *',
  }
  const app = server().post<{ Body: { id: number } }>('/', async ({ body }) => {
    return (await pool.query({ ...query, values: [body.id, new Date()] })).rows[0]
  })
  await listen(app)
}

async function signedWrite() {
  const pool = openPool()
  const query = {
    name: 'keep',
    text: `with event as (insert into bench_events values ($1, $2, $3) returning id)
      update bench_rows set count = count + 1 where id = $4 and exists (select from event)`,
  }
  let turn = 0
  const app = server()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.post<{ Body: Buffer }>('/', async ({ body, headers }) => {
    const [t = '', v1 = ''] = String(headers['stripe-signature']).split(',v1=')
    const expected = createHmac('sha256', 'whsec_bench')
      .update(`${t.slice(2)}.`)
      .update(body)
      .digest()
    if (!timingSafeEqual(expected, Buffer.from(v1, 'hex'))) throw new Error('Somebody else signed this')
    const text = body.toString()
    const { id, type } = JSON.parse(text) as { id: string; type: string }
    await pool.query({ ...query, values: [id, type, text, turn++ % 1000] })
    return small
  })
  await listen(app)
}

function openPool(): pg.Pool {
  return new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 })
}

function publicKey(): KeyObject {
  return createPublicKey({ key: JSON.parse(process.env.PUBLIC_JWK ?? ''), format: 'jwk' })
}

interface Claims {
  sub: string
  exp: number
}

function bearer({ authorization = '' }: IncomingHttpHeaders): string {
  return authorization.slice('Bearer '.length)
}

function check(key: KeyObject, token: string): Claims {
  const [header, payload = '', signature = ''] = token.split('.')
  const signed = Buffer.from(`${header}.${payload}`)
  if (!verifySignature(null, signed, key, Buffer.from(signature, 'base64url'))) {
    throw new Error('This token was signed by somebody else')
  }
  return JSON.parse(Buffer.from(payload, 'base64url').toString())
}
