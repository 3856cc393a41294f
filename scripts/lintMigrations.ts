import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What takes away something that the version before may still use. */
const CONTRACTING =
  /ban-drop-(column|table|not-null)|renaming-(column|table)|changing-column-type|adding-(not-nullable|required)-field/
const UNUSED_SINCE = /^-- unused since (\d+)\.(\d+)\.(\d+)\b/

const root = fileURLToPath(new URL('..', import.meta.url))
const given = process.argv.slice(2)
const own = (await readdir(join(root, 'migrations'))).filter((name) => name.endsWith('.sql')).sort()
const files = given.length > 0 ? given : own.map((name) => `migrations/${name}`)
const faults = (await Promise.all(files.map(unexplained))).flat()
const squawk = await runSquawk(files)
process.stdout.write(faults.map((fault) => `${fault}\n`).join('') + (squawk.isFine ? '' : squawk.output))
process.exitCode = faults.length === 0 && squawk.isFine ? 0 : 1

/** Exceptions that do not say why no process that still runs needs what they take away. */
async function unexplained(file: string): Promise<string[]> {
  const lines = (await readFile(join(given.length > 0 ? '' : root, file), 'utf8')).split('\n')
  const released = await versionOfPackage()
  return lines.flatMap((line, i) => {
    if (!/^\s*-- squawk-ignore/.test(line)) return []
    const reason = lines[i - 1]?.trim() ?? ''
    if (!CONTRACTING.test(line))
      return reason.startsWith('--')
        ? []
        : [`${file}:${i + 1}  say in the line above why this is harmless here`]
    const [, ...since] = (UNUSED_SINCE.exec(reason) ?? []).map(Number)
    const isOlder = since.length === 3 && compare(since, released) < 0
    return isOlder
      ? []
      : [
          `${file}:${i + 1}  say in the line above which earlier release stopped using it: "-- unused since 0.1.0"`,
        ]
  })
}

async function versionOfPackage(): Promise<number[]> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
  return version.split('.').map(Number)
}

function compare(one: number[], other: number[]): number {
  const at = one.findIndex((part, i) => part !== other[i])
  return at < 0 ? 0 : (one[at] ?? 0) - (other[at] ?? 0)
}

function runSquawk(paths: string[]): Promise<{ isFine: boolean; output: string }> {
  const program = join(root, 'node_modules', '.bin', 'squawk')
  const { promise, resolve } = Promise.withResolvers<{ isFine: boolean; output: string }>()
  const child = execFile(
    program,
    ['--no-error-on-unmatched-pattern', '--config', join(root, '.squawk.toml'), ...paths],
    { cwd: root },
    (error, stdout, stderr) => resolve({ isFine: !error, output: stdout + stderr }),
  )
  // Where all files are excluded it would read from there.
  child.stdin?.end()
  return promise
}
