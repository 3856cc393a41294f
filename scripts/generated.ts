import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { prepareDatabase } from '../src/prepare.ts'
import { buildServer } from '../src/server.ts'
import { createScratchDatabase } from '../test/support/scratchPostgres.ts'
import { describeClient } from './describeClient.ts'
import { describeSchema } from './describeSchema.ts'
import { describeStripe } from './describeStripe.ts'
import { metricsPage } from './documentMetrics.ts'
import { documentProblems } from './documentProblems.ts'
import { rolesPage } from './documentRoles.ts'
import { configurationPage, environmentExample } from './documentSettings.ts'
import { truthTablePage } from './documentTruthTable.ts'

/** A file that is made from others: its path in the repository and what it should hold. */
export interface GeneratedFile {
  path: string
  text: string
}

const root = fileURLToPath(new URL('..', import.meta.url))

/** Every generated file as it should be now. `npm run generate` writes them, a test compares them. */
export async function generateFiles(serverUrl: string): Promise<GeneratedFile[]> {
  const url = await createScratchDatabase(serverUrl, 'frontgate_generated')
  const app = openApp(
    readConfig({
      DATABASE_URL: url,
      PUBLIC_URL: 'https://frontgate.example',
      SECRET: 'only-for-generating-files-0123456789',
      CATALOGUE_FILE: join(root, 'catalogue.json'),
      LOG_LEVEL: 'silent',
    }),
  )
  try {
    await prepareDatabase(app)
    const { server } = await buildServer(app)
    await server.fastify.ready()
    const openapi = `${JSON.stringify(server.fastify.swagger(), null, 2)}\n`
    await server.fastify.close()
    return [
      { path: 'openapi.json', text: openapi },
      { path: 'client/src/api/schema.ts', text: await describeClient(openapi) },
      { path: 'src/db/tables.ts', text: await tableTypes(url) },
      { path: 'src/db/schema.sql', text: await describeSchema(url) },
      { path: '.env.example', text: environmentExample() },
      { path: 'docs/configuration.md', text: configurationPage() },
      { path: 'docs/metrics.md', text: metricsPage(app.metrics.registry) },
      { path: 'docs/roles.md', text: rolesPage(server.contracts) },
      { path: 'docs/truth-table.md', text: truthTablePage() },
      { path: 'test/sandbox/stripe/shapes/schema.json', text: `${JSON.stringify(describeStripe())}\n` },
      ...documentProblems(),
    ]
  } finally {
    await app.close()
  }
}

/** The types of all tables, from the migrated database. Counts arrive as numbers: see src/db/database.ts. */
export async function tableTypes(url: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'frontgate-tables-'))
  const outFile = join(folder, 'tables.ts')
  const cli = join(root, 'node_modules/kysely-codegen/dist/cli/bin.js')
  const options = [
    '--dialect=postgres',
    `--url=${url}`,
    `--out-file=${outFile}`,
    '--exclude-pattern=(kysely_*|graphile_worker.*)',
  ]
  try {
    await promisify(execFile)(process.execPath, [
      cli,
      ...options,
      '--type-mapping={"int8":"number","inet":"string","json":"unknown"}',
      '--log-level=error',
    ])
    return await readFile(outFile, 'utf8')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
