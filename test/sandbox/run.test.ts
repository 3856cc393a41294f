import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { identifyProcess } from '../../scripts/lock.mjs'

const scripts = fileURLToPath(new URL('../../scripts', import.meta.url))
const WAIT_FOR_SIGNAL = `
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => { console.log(name); process.exit(5) })
  console.log(process.pid)
  setInterval(() => {}, 1000)`

describe.concurrent('run.mjs', { timeout: 30_000 }, () => {
  test('runs a file with its arguments in the root, from anywhere, and exits as it does', async () => {
    using checkout = newCheckout(`console.log(process.cwd(), ...process.argv.slice(2)); process.exit(7)`)
    const run = checkout.run(['a b', '--flag'])
    expect(await text(run.stdout)).toBe(`${checkout.root} a b --flag\n`)
    expect(await exitOf(run)).toBe(7)
  })

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('forwards %s once', async (signal) => {
    using checkout = newCheckout(WAIT_FOR_SIGNAL)
    const run = checkout.run()
    const lines = linesOf(run)
    await lines.next()
    run.kill(signal)
    expect((await lines.next()).value).toBe(signal)
    expect(await exitOf(run)).toBe(5)
  })

  test('exits with 128 and the signal that ended the file', async () => {
    using checkout = newCheckout(`process.kill(process.pid, 'SIGKILL')`)
    expect(await exitOf(checkout.run())).toBe(128 + 9)
  })

  test('stops the file when the npm that started it is killed', async ({ expect }) => {
    using checkout = newCheckout(WAIT_FOR_SIGNAL)
    const script = `"${process.execPath}" scripts/run.mjs main.ts; exit $?`
    const source = `require('child_process').spawn('sh', ['-c', process.argv[1]], { stdio: 'inherit' })`
    const npm = spawn(process.execPath, ['-e', source, script], {
      cwd: checkout.root,
      env: { ...checkout.env, npm_lifecycle_event: 'start' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines = linesOf(npm)
    const pid = Number((await lines.next()).value)
    npm.kill('SIGKILL')
    expect((await lines.next()).value).toBe('SIGTERM')
    await expect.poll(() => identifyProcess(pid)).toBeUndefined()
  })

  test('leaves node_modules alone that is as the lock file says', async () => {
    using checkout = newCheckout(`console.log('ran')`)
    expect(await text(checkout.run().stdout)).toBe('ran\n')
    fs.writeFileSync(checkout.installed, lockFile('1.0.0', { withDev: false }))
    expect(await text(checkout.run().stdout)).toMatch(/^Installing dependencies \(they changed.*\nran\n$/)
  })

  test('installs once when two start at once', async () => {
    using checkout = newCheckout(`console.log('ran')`)
    fs.rmSync(checkout.installed)
    const outputs = await Promise.all([1, 2].map(() => text(checkout.run().stdout)))
    expect(outputs.sort()).toEqual([
      expect.stringMatching(/^Installing dependencies \(first run.*\nran\n$/),
      expect.stringMatching(/^(Waiting for the installation already under way \(pid \d+\)…\n)?ran\n$/),
    ])
    expect(fs.readFileSync(join(checkout.root, 'npm-calls'), 'utf8')).toBe(
      'ci --no-audit --no-fund --loglevel=error --include=dev\n',
    )
    expect(await text(checkout.run().stdout)).toBe('ran\n')
  })

  test('installs also from a lock file that npm ci refuses', async () => {
    const npm = `case $1 in ci) echo "npm error code EUSAGE"; exit 1;; *) cp package-lock.json node_modules/.package-lock.json; esac`
    using checkout = newCheckout(`console.log('ran')`, npm)
    fs.rmSync(checkout.installed)
    expect(await text(checkout.run().stdout)).toMatch(/^Installing dependencies .*\nran\n$/)
    expect(await text(checkout.run().stdout)).toBe('ran\n')
  })

  test('says what npm said and what to do when installing fails', async () => {
    using checkout = newCheckout(`console.log('ran')`, 'echo "registry unreachable" >&2; exit 3')
    fs.rmSync(checkout.installed)
    const run = checkout.run()
    expect(await text(run.stderr)).toMatch(
      /^registry unreachable\n\nInstalling .*failed \(npm, exit code 3\)\. Check /,
    )
    expect(await exitOf(run)).toBe(1)
  })

  test('runs what was built of the service as long as that is what its source says', async () => {
    using checkout = newCheckout('')
    const builder = `import { writeFileSync, mkdirSync } from 'node:fs'
      const folder = process.argv[process.argv.indexOf('--dir') + 1]
      mkdirSync(folder)
      writeFileSync(folder + '/main.js', 'console.log("built")')`
    checkout.write('node_modules/rolldown/bin/cli.mjs', builder)
    checkout.write('rolldown.config.mjs', '')
    checkout.write('src/main.ts', 'console.log("source")')
    const service = () => text(checkout.run([], 'src/main.ts').stdout)
    expect(await service()).toBe('source\n')
    await exitOf(checkout.run())
    expect(await service()).toBe('built\n')
    checkout.write('src/main.ts', 'console.log("changed source")')
    expect(await service()).toBe('changed source\n')
  })

  test('leaves parts of what was built before to the processes that run it', async () => {
    using checkout = newCheckout('')
    const builder = `import { copyFileSync, mkdirSync } from 'node:fs'
      const folder = process.argv[process.argv.indexOf('--dir') + 1]
      mkdirSync(folder)
      for (const name of ['main.js', process.env.PART]) copyFileSync('src/main.ts', folder + '/' + name)`
    checkout.write('node_modules/rolldown/bin/cli.mjs', builder)
    checkout.write('rolldown.config.mjs', '')
    const build = async (source: string, part: string) => {
      checkout.write('src/main.ts', source)
      checkout.env.PART = part
      await exitOf(checkout.run())
    }
    const read = (file: string) => fs.readFileSync(join(checkout.root, 'dist', file), 'utf8')
    await build('first', 'part-1.js')
    await build('second', 'part-2.js')
    expect(['main.js', 'part-1.js', 'part-2.js'].map(read)).toEqual(['second', 'first', 'second'])
    const longAgo = new Date(Date.now() - 8 * 86_400_000)
    fs.utimesSync(join(checkout.root, 'dist/part-1.js'), longAgo, longAgo)
    await build('third', 'part-3.js')
    expect(fs.readdirSync(join(checkout.root, 'dist')).sort()).toEqual(['main.js', 'part-2.js', 'part-3.js'])
  })

  test('says what the builder said of a service that it cannot build, and starts nothing', async () => {
    using checkout = newCheckout(`console.log('ran')`)
    checkout.write(
      'node_modules/rolldown/bin/cli.mjs',
      'console.error("src/main.ts: what?"); process.exit(1)',
    )
    checkout.write('rolldown.config.mjs', '')
    checkout.write('src/main.ts', '')
    const run = checkout.run()
    expect(await text(run.stderr)).toBe('src/main.ts: what?\n\nThe service cannot be built.\n')
    expect(await text(run.stdout)).toBe('')
  })

  test('runs on the current Node when the packaged one cannot be started', async () => {
    using checkout = newCheckout(`console.log('ran')`)
    const node = join(checkout.root, 'node_modules/node/bin/node')
    fs.rmSync(node)
    // As for a program of another C library, the system does not find what should load it.
    fs.writeFileSync(node, '#!/no/such/loader', { mode: 0o755 })
    expect(await text(checkout.run().stdout)).toBe('ran\n')
  })
})

/** A checkout with these scripts, one dependency that is installed as far as npm's files say, and a stand-in for npm. */
function newCheckout(main: string, npm = 'cp package-lock.json node_modules/.package-lock.json') {
  const root = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'frontgate-run-')))
  const write = (path: string, content: string, mode = 0o644) => {
    fs.mkdirSync(dirname(join(root, path)), { recursive: true })
    fs.writeFileSync(join(root, path), content, { mode })
  }
  fs.cpSync(scripts, join(root, 'scripts'), { recursive: true, filter: (path) => !path.endsWith('.ts') })
  write('main.ts', main)
  write('package.json', '{ "type": "module" }')
  write('package-lock.json', lockFile('1.0.0', { withDev: true }))
  write('node_modules/.package-lock.json', lockFile('1.0.0', { withDev: true }))
  write('node_modules/node/package.json', '{ "name": "node" }')
  fs.mkdirSync(join(root, 'node_modules/node/bin'))
  fs.symlinkSync(process.execPath, join(root, 'node_modules/node/bin/node'))
  write('bin/npm', `#!/bin/sh\necho "$@" >> npm-calls\n${npm}\n`, 0o755)
  const { npm_execpath, npm_lifecycle_event, ...inherited } = process.env
  const env: NodeJS.ProcessEnv = { ...inherited, PATH: `${join(root, 'bin')}:${process.env.PATH}` }
  return {
    root,
    env,
    write,
    installed: join(root, 'node_modules/.package-lock.json'),
    run: (args: string[] = [], file = 'main.ts') =>
      spawn(process.execPath, [join(root, 'scripts/run.mjs'), file, ...args], { cwd: tmpdir(), env }),
    [Symbol.dispose]: () => fs.rmSync(root, { recursive: true }),
  }
}

function lockFile(version: string, { withDev }: { withDev: boolean }): string {
  const packages = {
    'node_modules/node': { version },
    ...(withDev && { 'node_modules/tool': { version, dev: true } }),
  }
  return JSON.stringify({ packages })
}

async function exitOf(run: ChildProcess): Promise<number | null> {
  if (run.exitCode === null && run.signalCode === null) await once(run, 'exit')
  return run.exitCode
}

function linesOf(run: { stdout: Readable }): AsyncIterator<string> {
  return createInterface(run.stdout)[Symbol.asyncIterator]()
}
