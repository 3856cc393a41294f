import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { takeLock } from '../scripts/lock.mjs'
import { providerNames } from '../src/oidc/rules.ts'
import { clockFile } from './clock.ts'
import { dataFolder, secretFile } from './environment.ts'
import { peopleFile } from './oidc/people.ts'
import { removePostgres } from './postgres/removePostgres.ts'
import { productKeyFile } from './runbooks/keptProductKey.ts'
import { journalFile } from './stripe/engine/journal.ts'

const help = `Usage: npm run sandbox:reset

Removes what the sandbox keeps between runs: the databases with all accounts and what the product kept for them, what
its Stripe holds, whom its Google and Microsoft know, and the moved clock. The next \`npm start\` begins empty, in real time. It does nothing while the sandbox runs.

Variables:
  FRONTGATE_DATA  The folder to empty. Default: .frontgate beside package.json.
  DATABASE_URL    A database of your own is never touched, nor is what Stripe, Google and Microsoft hold for it; only
                  the clock returns to real time.`

await main(process.argv.slice(2))

async function main(args: string[]): Promise<void> {
  if (args.some((arg) => arg === '--help' || arg === '-h')) return console.log(help)
  if (args.length > 0) return refuse(`npm run sandbox:reset takes no ${args[0]}.`, 2)
  const folder = dataFolder(process.env)
  if (!existsSync(folder)) return console.log(`There is nothing to reset in ${folder}.`)
  const lock = takeLock(join(folder, 'lock'))
  if (lock.holder !== undefined) {
    return refuse(
      `The sandbox is running (pid ${lock.holder}). Stop it first, then reset it. Nothing was removed.`,
    )
  }
  try {
    await empty(folder)
  } catch (error) {
    refuse((error as Error).message)
  } finally {
    lock.release()
  }
}

async function empty(folder: string): Promise<void> {
  rmSync(clockFile(folder), { force: true })
  if (process.env.DATABASE_URL?.trim()) {
    console.log('The clock is back at real time. The database of DATABASE_URL is as it was.')
    return
  }
  await removePostgres(join(folder, 'postgres'), (line) => console.log(line))
  rmSync(journalFile(folder), { force: true })
  for (const provider of providerNames) rmSync(peopleFile(folder, provider), { force: true })
  // What it sealed is gone with the database.
  rmSync(secretFile(folder), { force: true })
  rmSync(productKeyFile(folder), { force: true })
  console.log(`The sandbox in ${folder} is empty, and its clock back at real time.`)
}

function refuse(reason: string, exitCode = 1): void {
  console.error(reason)
  process.exitCode = exitCode
}
