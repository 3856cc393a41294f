import * as fs from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { ensureClientBuilt } from './buildClient.mjs'
import { buildOnce, filesIn } from './buildOnce.mjs'
import { ensureInstalled, LaunchError } from './install.mjs'
import { runChild } from './runChild.mjs'

/** Leaves web/dist as web/ says: what the service shows people. What does not build leaves what was there before. */
export async function ensurePagesBuilt(root) {
  const web = join(root, 'web')
  // What a test of these scripts starts in has none.
  if (!fs.existsSync(join(web, 'index.html'))) return
  await buildOnce(root, {
    name: 'web',
    what: 'The pages must be built',
    folder: web,
    sources: () => sourcesIn(root),
    async build(next) {
      console.log('Building the pages (they changed, about ten seconds)…')
      await bundle(root, next)
      await compressAll(join(next, 'assets'))
    },
  })
}

/** Everything that decides what is built; what they are built with is in the lock file. */
function sourcesIn(root) {
  const own = filesIn(join(root, 'web')).filter((file) => !/^dist[./\\]|\.test\.tsx?$/.test(file))
  const library = filesIn(join(root, 'client', 'dist'))
  return [
    'package-lock.json',
    'scripts/buildPages.mjs',
    ...own.map((file) => `web/${file}`),
    ...library.map((file) => `client/dist/${file}`),
  ]
}

async function bundle(root, folder) {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  const args = [vite, 'build', '--outDir', folder, '--logLevel', 'warn']
  const options = {
    cwd: join(root, 'web'),
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe'],
  }
  const { code, output, wasStopped } = await runChild(
    fs.existsSync(node) ? node : process.execPath,
    args,
    options,
  )
  if (wasStopped) throw new LaunchError('', code || 1)
  if (code !== 0) throw new LaunchError(`${output.trimEnd()}\n\nThe pages cannot be built.`)
}

const [brotli, gzip] = [zlib.brotliCompress, zlib.gzip].map(promisify)

/** Beside each file what is sent to browsers that take it: made once, as small as it gets. */
async function compressAll(folder) {
  for (const file of filesIn(folder)) {
    if (!/\.(js|css|svg)$/.test(file)) continue
    const path = join(folder, file)
    const text = fs.readFileSync(path)
    const [br, gz] = await Promise.all([brotli(text), gzip(text, { level: 9 })])
    fs.writeFileSync(`${path}.br`, br)
    fs.writeFileSync(`${path}.gz`, gz)
  }
}

// `npm run build`, also in a clone where nothing is installed yet: for an image or a package that is served from.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)))
  try {
    await ensureInstalled(root, 'all')
    await ensureClientBuilt(root)
    await ensurePagesBuilt(root)
    console.log('The pages are built, in web/dist.')
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error
    if (error.message) console.error(error.message)
    process.exit(error.exitCode)
  }
}
