import { once } from 'node:events'
import { createServer } from 'node:net'
import { CannotStart } from './cannotStart.ts'

const LOOPBACK = ['127.0.0.1', '::1']

/** Throws CannotStart when something else listens on one of these ports, by the variable that sets each. */
export async function claimPorts(ports: Record<string, number>): Promise<void> {
  const refusals = await Promise.all(
    Object.entries(ports).flatMap(([variable, port]) =>
      LOOPBACK.map(async (host) => describe(await tryPort(host, port), variable, port)),
    ),
  )
  const said = new Set(refusals.filter((refusal) => refusal !== undefined))
  if (said.size > 0) throw new CannotStart([...said].join('\n'))
}

/** What to tell about an error of `listen`, or the error itself when it is of another kind. */
export function explainListenError(error: unknown, ports: Record<string, number>): unknown {
  const { code, port } = error as { code?: string; port?: number }
  for (const [variable, each] of Object.entries(ports)) {
    const said = each === port ? describe(code, variable, each) : undefined
    if (said) return new CannotStart(said, error)
  }
  return error
}

async function tryPort(host: string, port: number): Promise<string | undefined> {
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
}

function describe(code: string | undefined, variable: string, port: number): string | undefined {
  if (code === 'EADDRINUSE') {
    const off =
      variable === 'RUNBOOKS_PORT'
        ? ', or set it empty, and the product is off: RUNBOOKS_PORT= npm start'
        : ''
    return `Port ${port} is taken by another program. Stop it, or choose another port: ${variable}=${port + 10} npm start${off}`
  }
  if (code === 'EACCES')
    return `This user may not listen on port ${port}. Set ${variable} to a port above 1023.`
  return undefined
}
