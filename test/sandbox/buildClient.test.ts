import { spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

describe.concurrent('the client library of a checkout', { timeout: 60_000 }, () => {
  test('is compiled when a source has changed, and only then', async ({ expect }) => {
    using checkout = newCheckout()
    expect(await checkout.build()).toEqual({ code: 0, said: '' })
    expect(checkout.read('dist/index.js')).toContain('one = 1')
    expect(checkout.read('dist/index.d.ts')).toContain(`from './part.js'`)
    expect(checkout.read('dist/styles.css')).toBe('b {}')
    expect(fs.existsSync(join(checkout.folder, 'client/dist/part.test.js'))).toBe(false)
    const made = checkout.madeAt()
    checkout.write('src/part.test.ts', 'export const changed = true\n')
    await checkout.build()
    expect(checkout.madeAt()).toBe(made)
    checkout.write('src/part.ts', 'export interface Part { b: string }\n')
    await checkout.build()
    expect(checkout.read('dist/part.d.ts')).toContain('b: string')
    fs.rmSync(join(checkout.folder, 'client/dist'), { recursive: true })
    await checkout.build()
    expect(checkout.read('dist/index.js')).toContain('one = 1')
  })

  test('is compiled once by several starts, none of which goes on before', async ({ expect }) => {
    using checkout = newCheckout()
    const runs = await Promise.all(Array.from({ length: 4 }, () => checkout.build()))
    expect(runs).toEqual(Array(4).fill({ code: 0, said: '' }))
    expect(fs.readFileSync(join(checkout.folder, 'compiled'), 'utf8')).toBe('x')
  })

  test('stays what it was when it does not compile, and whoever starts is told', async ({ expect }) => {
    using checkout = newCheckout()
    await checkout.build()
    checkout.write('src/index.ts', 'export const one: string = 1\n')
    for (let i = 0; i < 2; i++) {
      const { code, said } = await checkout.build()
      expect(code).toBe(1)
      expect(said).toMatch(/index\.ts.*TS2322.*\n\nThe client library does not compile\.\n$/s)
      expect(checkout.read('dist/index.js')).toContain('one = 1')
    }
  })

  test.skipIf(process.getuid?.() !== 0)('is used by users who may not write', async ({ expect }) => {
    using checkout = newCheckout()
    await checkout.build()
    const nobody = { uid: 65534, gid: 65534 }
    expect(await checkout.build(nobody)).toEqual({ code: 0, said: '' })
    checkout.write('src/part.ts', 'export interface Part { c: string }\n')
    const { code, said } = await checkout.build(nobody)
    expect(code).toBe(1)
    expect(said).toMatch(/^The client library must be compiled, but .* cannot be written: EACCES/)
  })
})

/** A checkout with a small client library, which counts how often it is compiled. */
function newCheckout() {
  const folder = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'frontgate-client-')))
  fs.chmodSync(folder, 0o755)
  const put = (path: string, content: string) => {
    fs.mkdirSync(dirname(join(folder, path)), { recursive: true })
    fs.writeFileSync(join(folder, path), content)
  }
  const write = (path: string, content: string) => put(`client/${path}`, content)
  fs.cpSync(join(root, 'scripts'), join(folder, 'scripts'), {
    recursive: true,
    filter: (path) => !path.endsWith('.ts'),
  })
  fs.copyFileSync(join(root, 'tsconfig.json'), join(folder, 'tsconfig.json'))
  for (const name of ['tsconfig.json', 'tsconfig.build.json'])
    write(
      name,
      fs.readFileSync(join(root, 'client', name), 'utf8').replace('"types": ["node"]', '"types": []'),
    )
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  put('node_modules/typescript/package.json', '{ "type": "module" }')
  put(
    'node_modules/typescript/bin/tsc',
    `import * as fs from 'node:fs'
fs.appendFileSync(${JSON.stringify(join(folder, 'compiled'))}, 'x')
process.argv[1] = ${JSON.stringify(compiler)}
await import(${JSON.stringify(compiler)})`,
  )
  write('package.json', '{ "type": "module" }')
  write('src/index.ts', `export type { Part } from './part.ts'\nexport const one = 1\n`)
  write('src/part.ts', 'export interface Part { a: string }\n')
  write('src/part.test.ts', 'export {}\n')
  write('src/styles.css', 'b {}')
  return {
    folder,
    write,
    read: (path: string) => fs.readFileSync(join(folder, 'client', path), 'utf8'),
    madeAt: () => fs.statSync(join(folder, 'client/dist/index.js')).mtimeMs,
    /** By the Node of the machine, which need not be ours. */
    async build(user: { uid?: number; gid?: number } = {}) {
      const script = join(folder, 'scripts/buildClient.mjs')
      const child = spawn('node', [script], { cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'], ...user })
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
      const code = child.exitCode ?? (await new Promise((resolve) => child.on('exit', resolve)))
      return { code, said: out + err }
    },
    [Symbol.dispose]: () => fs.rmSync(folder, { recursive: true }),
  }
}
