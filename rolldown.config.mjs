import { existsSync } from 'node:fs'

/** What is run, by what it is called in dist/. An image has no sandbox. */
const programs = { main: 'src/main.ts', sandbox: 'sandbox/main.ts' }

/**
 * Found in node_modules at run time: what brings files or binaries of its own, and what is loaded only once it is needed.
 * Everything else that a start reads, some two thousand files, is in what is built.
 */
const unbundled = [
  '@fastify/swagger-ui',
  '@node-rs/argon2',
  '@node-rs/bcrypt',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace',
  '@simplewebauthn/server',
  '@zxcvbn-ts/language-common',
  'ioredis',
  'nodemailer',
  'oidc-provider',
  'openid-client',
  'pg-native',
  'pino',
  'react',
  'react-dom',
  'react-email',
  'smtp-server',
  'stripe',
]

export default {
  input: Object.fromEntries(Object.entries(programs).filter(([, file]) => existsSync(file))),
  platform: 'node',
  external: (id) => unbundled.some((name) => id === name || id.startsWith(`${name}/`)),
  output: { format: 'esm', chunkFileNames: '[name]-[hash].js' },
}
