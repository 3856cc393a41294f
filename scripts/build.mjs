import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureClientBuilt } from './buildClient.mjs'
import { ensurePagesBuilt } from './buildPages.mjs'
import { ensureServiceBuilt } from './buildService.mjs'
import { ensureInstalled, LaunchError } from './install.mjs'

// `npm run build`, also in a clone where nothing is installed yet: for an image or a package that is served from.
const root = dirname(dirname(fileURLToPath(import.meta.url)))
try {
  await ensureInstalled(root, 'all')
  await ensureClientBuilt(root)
  await ensurePagesBuilt(root)
  await ensureServiceBuilt(root)
  console.log('The service is built in dist, its pages in web/dist.')
} catch (error) {
  if (!(error instanceof LaunchError)) throw error
  if (error.message) console.error(error.message)
  process.exit(error.exitCode)
}
