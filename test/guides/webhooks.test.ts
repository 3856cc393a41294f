import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Webhook } from 'standardwebhooks'
import { expect, onTestFinished, test } from 'vitest'
import { readGuide, writeSnippets } from './snippets.ts'

const guide = 'webhooks.md'
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

test('the receiver of the guide is understood by a strict TypeScript', { timeout: 60_000 }, async () => {
  const folder = writeSnippets(guide)
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2022',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  }
  const config = { compilerOptions, files: ['hooks.ts'] }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const compiler = fileURLToPath(new URL('../../client/node_modules/typescript/bin/tsc', import.meta.url))
  const compiling = promisify(execFile)(process.execPath, [compiler, '-p', folder])
  expect(await compiling.catch(({ stdout }) => ({ stdout }))).toMatchObject({ stdout: '' })
})

test('it remembers and forgets what is signed, and answers 400 to what is not', async () => {
  const { buildHooks } = await import(join(writeSnippets(guide), 'hooks.ts'))
  const done: unknown[] = []
  const remember = async (...said: unknown[]) => void done.push(said)
  const forget = async (id: string) => void done.push(id)
  const server: Server = buildHooks({ secret, remember, forget }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const send = async (type: string, signedWith = secret) => {
    const data = { account_id: 'an account', version: 4, old: null, new: { plan: 'pro' } }
    const body = JSON.stringify({ type, timestamp: '2026-03-01T12:00:00Z', data })
    const headers = {
      'content-type': 'application/json',
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
      'webhook-signature': new Webhook(signedWith).sign('msg_1', new Date(), body),
    }
    return (await fetch(`http://127.0.0.1:${port}/hooks`, { method: 'POST', headers, body })).status
  }
  expect(await send('entitlements.changed')).toBe(204)
  expect(await send('account.deleted')).toBe(204)
  expect(await send('what.comes.later')).toBe(204)
  expect(await send('account.deleted', `whsec_${Buffer.alloc(32, 8).toString('base64')}`)).toBe(400)
  expect(done).toEqual([['an account', 4, { plan: 'pro' }], 'an account'])
})

test('each variable of its calls is set before it is used', () => {
  const set = new Set<string>()
  for (const [, script = ''] of readGuide(guide).matchAll(/^```sh\n(.*?)^```$/gms)) {
    for (const [, assigned, used] of script.matchAll(/^([A-Z]+)=|\$([A-Z]+)/gm)) {
      if (assigned) set.add(assigned)
      if (used) expect(set).toContain(used)
    }
  }
  expect(set).toContain('ENDPOINT')
})
