import * as fs from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { buildOnce, filesIn } from './buildOnce.mjs'
import { runBuilder } from './runBuilder.mjs'

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
      await runBuilder(root, {
        program: 'vite/bin/vite.js',
        args: ['build', '--outDir', next, '--logLevel', 'warn'],
        cwd: join(root, 'web'),
        failure: 'The pages cannot be built.',
      })
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
