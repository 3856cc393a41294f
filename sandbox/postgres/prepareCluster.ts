import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { endWithUs } from './endWithUs.ts'
import type { Binaries } from './findBinaries.ts'
import type { Place, ServerUser } from './postgresHome.ts'
import { cannotRun, spawnProgram } from './spawnProgram.ts'

const SUPERUSER_FILE = 'password'
const OWNER_FILE = 'owner-password'

/** Makes the data folder unless it is there already, and answers the superuser's password. */
export async function prepareCluster(
  place: Place,
  binaries: Binaries,
  say: (line: string) => void,
): Promise<string> {
  for (const half of fs.globSync('data.new-*', { cwd: place.home })) remove(join(place.home, half))
  const kept = readPassword(place.folder)
  if (fs.existsSync(place.data) && !belongsTo(place, kept)) remove(place.data)
  const password = kept ?? randomBytes(24).toString('hex')
  if (fs.existsSync(place.data)) {
    checkVersion(place, binaries)
    return password
  }
  say('Preparing PostgreSQL (first run)…')
  makeFolders(place)
  for (const folder of new Set([place.folder, place.home])) writePassword(folder, password)
  await makeData(place, binaries, password)
  return password
}

/** Whether the data is this folder's: a home elsewhere outlives the folder, and a new folder at its path starts empty. */
function belongsTo(place: Place, password: string | undefined): boolean {
  if (password !== undefined) return password === readPassword(place.home)
  if (place.home !== place.folder) return false
  throw new Error(
    `The password of the database in ${place.folder} is gone (${join(place.folder, SUPERUSER_FILE)}).` +
      ' Put it back, or remove that folder to start with an empty database.',
  )
}

/**
 * The password of the role that owns the databases, which whoever serves is given: another one than the superuser's, also for data
 * from when both had the same.
 */
export function ownerPassword({ folder }: Place): string {
  const kept = readPassword(folder, OWNER_FILE)
  if (kept !== undefined) return kept
  const password = randomBytes(24).toString('hex')
  writePassword(folder, password, OWNER_FILE)
  return password
}

function readPassword(folder: string, file = SUPERUSER_FILE): string | undefined {
  const path = join(folder, file)
  return fs.existsSync(path) ? fs.readFileSync(path, 'utf8').trim() || undefined : undefined
}

function writePassword(folder: string, password: string, file = SUPERUSER_FILE): void {
  const path = join(folder, file)
  fs.writeFileSync(path, `${password}\n`, { mode: 0o600 })
  fs.chmodSync(path, 0o600)
}

function checkVersion(place: Place, binaries: Binaries): void {
  const made = fs.readFileSync(join(place.data, 'PG_VERSION'), 'utf8').trim()
  const ours = binaries.version.split('.')[0]
  if (made === ours) return
  throw new Error(
    `The database in ${place.home} was made by PostgreSQL ${made}, this is PostgreSQL ${ours}.` +
      ' Run `npm run sandbox:reset` to start with an empty one.',
  )
}

function makeFolders(place: Place): void {
  fs.mkdirSync(place.home, { recursive: true })
  if (!place.user) return
  fs.chmodSync(place.home, 0o755)
  fs.writeFileSync(join(place.home, 'made-for'), `${place.folder}\n`)
}

/** Fills a folder of another name and renames it when done: one that is named `data` is whole. */
async function makeData(place: Place, binaries: Binaries, password: string): Promise<void> {
  const unfinished = join(place.home, `data.new-${randomBytes(4).toString('hex')}`)
  const passwordFile = `${unfinished}.password`
  fs.mkdirSync(unfinished, { mode: 0o700 })
  fs.writeFileSync(passwordFile, password, { mode: 0o600 })
  if (place.user) giveTo(place.user, [unfinished, passwordFile], place)
  try {
    await initialise(place, binaries.initdb, [`--pgdata=${unfinished}`, `--pwfile=${passwordFile}`])
    fs.renameSync(unfinished, place.data)
  } finally {
    remove(passwordFile)
    remove(unfinished)
  }
}

function giveTo({ uid, gid }: ServerUser, paths: string[], place: Place): void {
  try {
    for (const path of paths) fs.chownSync(path, uid, gid)
  } catch (error) {
    throw cannotRun(error, place)
  }
}

function initialise(place: Place, initdb: string, where: string[]): Promise<void> {
  const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
  const args = [...where, '--username=frontgate', '--auth=scram-sha-256', '--no-instructions', ...locale]
  return new Promise((resolve, reject) => {
    const child = spawnProgram(place, initdb, args, ['ignore', 'pipe', 'pipe'])
    const leaveAlone = endWithUs(child, place)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (output += data))
    child.on('error', (error) => {
      leaveAlone()
      reject(cannotRun(error, place))
    })
    child.on('close', (code) => {
      leaveAlone()
      if (code === 0) resolve()
      else reject(new Error(`PostgreSQL could not prepare its data (initdb, exit code ${code}):\n${output}`))
    })
  })
}

function remove(path: string): void {
  // An initdb whose launcher was killed may still be adding files to its unfinished folder.
  fs.rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
}
