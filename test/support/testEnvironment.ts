import { fileURLToPath } from 'node:url'

/** Settings of the tests: those of the sandbox, with hashes that cost next to nothing. */
export const testEnvironment: NodeJS.ProcessEnv = {
  PUBLIC_URL: 'http://localhost:4000',
  SECRET: 'a-secret-that-only-tests-know-0123456789',
  SELF_SERVE_ENABLED: 'true',
  OPERATORS_NEED_SECOND_FACTOR: 'false',
  REGISTRATIONS_PER_HOUR: '0',
  ARGON2_MEMORY_KIB: '1024',
  ARGON2_PASSES: '1',
  DATABASE_POOL_SIZE: '10',
  MAIL_FROM: 'no-reply@frontgate.test',
  CATALOGUE_FILE: fileURLToPath(new URL('../../catalogue.json', import.meta.url)),
  DRAIN_SECONDS: '0',
  LOG_LEVEL: 'info',
}
