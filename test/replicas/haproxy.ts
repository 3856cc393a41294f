import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../sandbox/postgres/freePort.ts'
import { fillDeployFile } from './fillDeployFile.ts'
import { runProgram } from './runProgram.ts'

/** A HAProxy, with the file of the guide, in front of two processes that serve. */
export async function startHaproxy([first, second]: [number, number]): Promise<{
  url: string
  untilUp: (count: number) => Promise<void>
  stop: () => Promise<void>
}> {
  const folder = mkdtempSync(join(tmpdir(), 'frontgate-haproxy-'))
  const [port, statusPort] = [await freePort(0), await freePort(0)]
  const status = `\nfrontend status\n    bind 127.0.0.1:${statusPort}\n    http-request return status 200 content-type text/plain lf-string "%[nbsrv(frontgate)]"\n`
  const text = fillDeployFile('balancer/haproxy.cfg', [
    ['10.0.0.30:80', `127.0.0.1:${port}`],
    ['10.0.0.21:4000', `127.0.0.1:${first}`],
    ['10.0.0.22:4000', `127.0.0.1:${second}`],
  ])
  const file = join(folder, 'haproxy.cfg')
  writeFileSync(file, text + status)
  const program = await runProgram('haproxy', ['-db', '-f', file], port)
  return {
    url: `http://127.0.0.1:${port}`,
    async untilUp(count) {
      for (;;) {
        const reply = await fetch(`http://127.0.0.1:${statusPort}`)
        if (Number(await reply.text()) === count) return
      }
    },
    async stop() {
      await program.stop()
      rmSync(folder, { recursive: true })
    },
  }
}
