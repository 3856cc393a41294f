import { expect, test } from 'vitest'
import { freePort } from '../../sandbox/postgres/freePort.ts'
import { TcpProxy } from '../db/tcpProxy.ts'
import { ServiceProcess } from '../races/serviceProcess.ts'
import { startTestAppWith } from '../support/testApp.ts'

const PATIENCE = { timeout: 20_000 }

test('a process that only works is looked after by METRICS_PORT, and answers nothing else there', async () => {
  const t = await startTestAppWith({}, { work: false })
  const database = await TcpProxy.start(t.databaseUrl)
  const port = await freePort(0)
  const settings = { DATABASE_URL: database.url, METRICS_PORT: String(port) }
  const worker = await ServiceProcess.start(settings, ['work', '--no-migrate'])
  const ask = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${port}${path}`, { method })
  try {
    expect(await (await ask('/healthz')).json()).toEqual({ status: 'ok' })
    expect(await (await ask('/readyz')).json()).toEqual({ status: 'ok' })
    const metrics = await (await ask('/metrics?from=prometheus')).text()
    expect(metrics).toMatch(/^frontgate_workers 1$/m)
    expect(metrics).toMatch(/^frontgate_build_info\{version=".+",serves="false"\} 1$/m)
    for (const [path, method] of [
      ['/v1/plans', 'GET'],
      ['/metrics', 'POST'],
      ['/', 'GET'],
    ] as const) {
      expect((await ask(path, method)).status).toBe(404)
    }
    await database.cut()
    expect((await ask('/healthz')).status).toBe(200)
    expect((await ask('/readyz')).status).toBe(503)
    const told = async () => (await ask('/metrics')).text()
    await expect.poll(told, PATIENCE).toMatch(/^frontgate_database_up 0$/m)
    expect(await told()).toMatch(/^frontgate_backlog_read 0$/m)
    await database.restore()
    await expect.poll(async () => (await ask('/readyz')).status, PATIENCE).toBe(200)
    worker.kill('SIGTERM')
    expect(await worker.ended).toEqual([0, null])
  } finally {
    if (!database.isOpen) await database.restore()
    await database.stop()
  }
}, 60_000)

test('where metrics have a port of their own, they are not told to anyone', async () => {
  const t = await startTestAppWith({ METRICS_PORT: '9464' }, { work: false })
  expect((await t.call('GET', '/metrics')).status).toBe(404)
  expect((await t.call('GET', '/healthz')).status).toBe(200)
})
