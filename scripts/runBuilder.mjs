import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { LaunchError } from './install.mjs'
import { runChild } from './runChild.mjs'

/** Runs what builds something, on the Node that is installed here where there is one; what it complains of is thrown. */
export async function runBuilder(root, { program, args, cwd = root, failure }) {
  const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  const { code, output, wasStopped } = await runChild(
    existsSync(node) ? node : process.execPath,
    [join(root, 'node_modules', program), ...args],
    { cwd, env: { ...process.env, NODE_ENV: 'production' }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  if (wasStopped) throw new LaunchError('', code || 1)
  if (code !== 0) throw new LaunchError(`${output.trimEnd()}\n\n${failure}`)
}
