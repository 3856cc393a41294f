import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../sandbox/postgres/freePort.ts'
import { placeFor } from '../../sandbox/postgres/postgresHome.ts'
import { fillDeployFile } from './fillDeployFile.ts'
import { runProgram } from './runProgram.ts'

/** A PgBouncer in transaction mode, with the file of the guide, in front of the server of a URL. */
export async function startPgbouncer(
  databaseUrl: string,
  changes: [string, string][] = [],
): Promise<{ url: string; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'frontgate-pgbouncer-'))
  const port = await freePort(0)
  const { hostname, port: serverPort, username, password } = new URL(databaseUrl)
  const secret = password && ` password=${decodeURIComponent(password)}`
  const text = fillDeployFile('postgres/pgbouncer.ini', [
    ...changes,
    ['host=10.0.0.20 port=5432', `host=${hostname} port=${serverPort} user=${username}${secret}`],
    ['listen_addr = 10.0.0.25', 'listen_addr = 127.0.0.1'],
    ['listen_port = 6432', `listen_port = ${port}\nunix_socket_dir =`],
    ['auth_type = scram-sha-256\nauth_file = /etc/pgbouncer/userlist.txt', 'auth_type = any'],
  ])
  const file = join(folder, 'pgbouncer.ini')
  writeFileSync(file, text)
  chmodSync(folder, 0o755)
  // It refuses to run as root, as PostgreSQL does.
  const { user } = placeFor(tmpdir())
  if (user) chownSync(folder, user.uid, user.gid)
  const program = await runProgram('pgbouncer', [file], port, user)
  return {
    url: Object.assign(new URL(databaseUrl), { hostname: '127.0.0.1', port: String(port) }).href,
    async stop() {
      await program.stop()
      rmSync(folder, { recursive: true })
    },
  }
}
