import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'

/** The user that runs the server when we are root, since PostgreSQL refuses to be. */
export type ServerUser = { name: string; uid: number; gid: number }

/** Where a database keeps what: `folder` belongs to us, `home` has what the server must reach. */
export type Place = { folder: string; home: string; data: string; user?: ServerUser }

/** The folder that holds the data of the database in `folder`: itself, but for root one that its server user can reach. */
export function postgresHome(folder: string): string {
  return placeFor(folder).home
}

/** Where the database in `folder` keeps its files, and as whom its server runs. */
export function placeFor(folder: string): Place {
  const real = realPath(resolve(folder))
  if (process.geteuid?.() !== 0) return { folder: real, home: real, data: join(real, 'data') }
  const user = findServerUser()
  const name = createHash('sha256').update(real).digest('hex').slice(0, 16)
  const home = join(reachableFolder(user), name)
  return { folder: real, home, data: join(home, 'data'), user }
}

/** The path without symbolic links, also for the part of it that exists when the rest does not. */
function realPath(path: string): string {
  if (fs.existsSync(path)) return fs.realpathSync(path)
  return join(realPath(dirname(path)), basename(path))
}

function findServerUser(): ServerUser {
  const users = fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ uid, gid }) => uid > 0 && gid > 0)
  const user =
    ['postgres', 'nobody'].map((name) => users.find((each) => each.name === name)).find(Boolean) ?? users[0]
  if (!user)
    throw new Error(
      'PostgreSQL refuses to run as root, and /etc/passwd names no other user to run it as. Set DATABASE_URL.',
    )
  return user
}

function reachableFolder(user: ServerUser): string {
  const candidates = ['/var/lib', realPath(tmpdir()), '/tmp'].map((parent) => join(parent, 'frontgate'))
  const found = candidates.find((each) => mayEnter(dirname(each), user) && isOurs(each, user))
  if (found) return found
  throw new Error(
    `PostgreSQL refuses to run as root, and neither ${[...new Set(candidates)].join(' nor ')} is a folder that root alone` +
      ` can write and the user ${user.name} can enter. Run this as an ordinary user, or set DATABASE_URL.`,
  )
}

/** Whether root alone decides what is in `path`: in a shared folder anyone could have made it first. */
function isOurs(path: string, user: ServerUser): boolean {
  const found = fs.lstatSync(path, { throwIfNoEntry: false })
  if (!found) return isWritable(dirname(path))
  return (
    found.isDirectory() &&
    found.uid === 0 &&
    (found.mode & 0o022) === 0 &&
    mayEnter(path, user) &&
    isWritable(path)
  )
}

function isWritable(path: string): boolean {
  try {
    fs.accessSync(path, fs.constants.W_OK)
    return true
  } catch {
    return false
  }
}

function mayEnter(path: string, user: ServerUser): boolean {
  const found = fs.statSync(path, { throwIfNoEntry: false })
  if (!found) return false
  const needed = found.uid === user.uid ? 0o100 : found.gid === user.gid ? 0o010 : 0o001
  return (found.mode & needed) !== 0 && (path === '/' || mayEnter(dirname(path), user))
}
