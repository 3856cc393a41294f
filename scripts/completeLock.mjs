// Adds to package-lock.json the optional packages for other platforms that the registry at hand does not
// carry: npm leaves them out after an install from such a mirror, and `npm ci` then refuses the file.
// Run after changing dependencies; where npm wrote a whole file it changes nothing.
import { readFileSync, writeFileSync } from 'node:fs'

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8'))
const systems = { windows: 'win32', android: 'android' }

for (const [path, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (isListed(name, path)) continue
    const [system, cpu, ...rest] = name.split('/').at(-1).split('-').slice(1)
    const libc = rest.join().includes('musl') ? 'musl' : rest.join().includes('gnu') ? 'glibc' : undefined
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...(dev && { dev: true }),
      ...(libc && { libc: [libc] }),
      optional: true,
      os: [systems[system] ?? system],
    }
    process.stdout.write(`added ${name}@${version}\n`)
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')))
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)

/** Whether the lock file has the package where `path` would look for it: beside itself, or above. */
function isListed(name, path) {
  const nesting = path.split(/(?=\/node_modules\/)/)
  const places = ['', ...nesting.map((_, i) => `${nesting.slice(0, i + 1).join('')}/`)]
  return places.some((place) => `${place}node_modules/${name}` in lock.packages)
}
