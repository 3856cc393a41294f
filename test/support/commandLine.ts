import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { inject, onTestFinished } from 'vitest'
import shipped from '../../catalogue.json' with { type: 'json' }
import { createScratchDatabase, dropScratchDatabase } from './scratchPostgres.ts'
import { testEnvironment } from './testEnvironment.ts'

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
/** The one that keys in the template are sealed with. */
export const SECRET = String(testEnvironment.SECRET)

/** How a command ended, and what it said. */
export interface Ended {
  code: number
  stdout: string
  stderr: string
}

/** Runs a command as an operator would, with nothing in the environment but what is named. */
export function frontgate(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env, cwd: tmpdir() }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr })
    })
  })
}

/** A database for the test that is running, and the environment that names it. */
export async function database(template?: string) {
  const name = `cli_${randomUUID().replaceAll('-', '')}`
  const url = await createScratchDatabase(inject('serverUrl'), name, template)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  onTestFinished(async () => {
    await rm(catalogue)
    await client.end()
    await dropScratchDatabase(inject('serverUrl'), name)
  })
  const catalogue = join(tmpdir(), `${name}.json`)
  await writeFile(catalogue, JSON.stringify(shipped))
  const env = { DATABASE_URL: url, PUBLIC_URL: 'https://gate.example', SECRET, CATALOGUE_FILE: catalogue }
  const count = async (table: string) => (await client.query(`select count(*) from ${table}`)).rows[0].count
  return { env, client, count, catalogue }
}
