import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Step {
  name: string
  command: string
  args: string[]
}

/** Everything that can be known of the code without running its tests. */
const steps: Step[] = [
  { name: 'types', command: 'tsc', args: ['--noEmit', '-p', '.'] },
  { name: 'types of the client library', command: 'tsc', args: ['--noEmit', '-p', 'client'] },
  { name: 'types of the pages', command: 'tsc', args: ['--noEmit', '-p', 'web'] },
  { name: 'types of the example', command: 'tsc', args: ['--noEmit', '-p', 'examples/runbooks'] },
  { name: 'lint and format', command: 'biome', args: ['ci', '--colors=off', '.'] },
  {
    name: 'import graph',
    command: 'depcruise',
    args: [
      'src',
      'sandbox',
      'scripts',
      'client/src',
      'web',
      'examples',
      '--config',
      '.dependency-cruiser.mjs',
    ],
  },
  { name: 'dead code', command: 'knip', args: [] },
  { name: 'migrations', command: 'node', args: ['scripts/lintMigrations.ts'] },
  { name: 'house rules', command: 'node', args: ['scripts/houseRules.ts'] },
  { name: 'package of the client library', command: 'publint', args: ['run', '--strict', 'client'] },
  {
    name: 'its types, as products resolve them',
    command: 'attw',
    // The library is ESM alone; a style sheet has no types.
    args: ['--pack', 'client', '--profile', 'esm-only', '--exclude-entrypoints', './react/styles.css'],
  },
  { name: 'generated files', command: 'node', args: ['scripts/generate.ts', '--check'] },
]

const root = fileURLToPath(new URL('..', import.meta.url))
const programs = join(root, 'node_modules', '.bin')
let failed = 0
for (const { name, command, args } of steps) {
  const started = performance.now()
  const { code, output } = await run(join(programs, command), args)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  process.stdout.write(`${code === 0 ? '✓' : '✗'} ${name} (${seconds} s)\n`)
  if (code !== 0) {
    failed++
    process.stdout.write(`${output}\n`)
  }
}
process.stdout.write(`checks: ${steps.length - failed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1

function run(command: string, args: string[]): Promise<{ code: number; output: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number; output: string }>()
  // Node 24 first, for programs that ask their shebang for any `node`.
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', PATH: `${programs}:${process.env.PATH}` }
  const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  child.on('error', reject)
  child.on('close', (code) => resolve({ code: code ?? 1, output }))
  return promise
}
