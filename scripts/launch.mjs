import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureClientBuilt } from './buildClient.mjs'
import { ensurePagesBuilt } from './buildPages.mjs'
import { builtOf, ensureServiceBuilt } from './buildService.mjs'
import { ensureInstalled, LaunchError } from './install.mjs'
import { runChild } from './runChild.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Runs a file of this package on Node 24 with what it depends on installed, and exits as it does. */
export async function launch(file, args, { cwd = root } = {}) {
  try {
    // The service runs where development dependencies were left out, and without the client library.
    const isService = file === 'src/main.ts'
    await ensureInstalled(root, isService ? 'production' : 'all')
    if (!isService) {
      await ensureClientBuilt(root)
      await ensureServiceBuilt(root)
    }
    if (file === 'sandbox/main.ts') await ensurePagesBuilt(root)
    process.exit(await runOnNode24([resolve(root, builtOf(root, file)), ...args], cwd))
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error
    if (error.message) console.error(error.message)
    process.exit(error.exitCode)
  }
}

async function runOnNode24(args, cwd) {
  const env = { NODE_COMPILE_CACHE: join(root, '.frontgate', 'compile-cache'), ...process.env }
  for (const node of candidates()) {
    try {
      const { code } = await runChild(node, args, { cwd, env, stdio: 'inherit' })
      return code
    } catch {
      // A binary for another C library or machine is there and cannot be started: try the next one.
    }
  }
  throw new LaunchError(
    `Frontgate needs Node 24.11 or newer; this is ${process.version}, and the one of its \`node\` dependency is missing or` +
      ` cannot be started here. Usually npm was told not to run install scripts: run \`npm rebuild node\` in ${root}.`,
  )
}

function candidates() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  const isRecent = major > 24 || (major === 24 && minor >= 11)
  return [...packagedNode(), ...(isRecent ? [process.execPath] : [])]
}

function packagedNode() {
  try {
    const folder = dirname(createRequire(join(root, 'package.json')).resolve('node/package.json'))
    const binary = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return existsSync(binary) ? [binary] : []
  } catch {
    return []
  }
}
