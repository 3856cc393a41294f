import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { problems } from '../src/problems.ts'

interface Contract {
  paths: Record<string, Record<string, { security?: unknown[] }>>
}

const compiler = fileURLToPath(
  new URL('../client/node_modules/openapi-typescript/bin/cli.js', import.meta.url),
)

/** The contract as the client library knows it: types of every operation, the codes of refusals, and what is open to anyone. */
export async function describeClient(openapi: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'frontgate-client-'))
  try {
    await writeFile(join(folder, 'openapi.json'), openapi)
    const args = [compiler, join(folder, 'openapi.json'), '--output', join(folder, 'schema.ts')]
    await promisify(execFile)(process.execPath, args)
    const types = await readFile(join(folder, 'schema.ts'), 'utf8')
    // What the compiler says of every reply that has no words of its own, which tells a reader nothing.
    const told = types.replaceAll(/^ *\/\*\* @description Default Response \*\/\n/gm, '')
    return `${told}\n${problemCodes()}\n\n${openOperations(JSON.parse(openapi))}\n`
  } finally {
    await rm(folder, { recursive: true })
  }
}

function problemCodes(): string {
  const codes = Object.entries(problems).map(([code, { status }]) => `    | "${code}" // ${status}`)
  return `/** Every code that a refusal of the service may carry; \`/problems/<code>\` is the page about it. */
export type ProblemCode =\n${codes.join('\n')};`
}

function openOperations({ paths }: Contract): string {
  const open = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { security }]) => !security)
      .map(([method]) => `    "${method.toUpperCase()} ${path}",`),
  )
  return `/** What anybody may call, so that no token is waited for. */
export const openOperations: ReadonlySet<string> = new Set([\n${open.join('\n')}\n]);`
}
