import type { AddressInfo } from 'node:net'
import { createGate, type Gate, type GateOptions } from '@frontgate/client/guards'
import { onTestFinished } from 'vitest'
import { productKey } from './productKeys.ts'
import type { TestApp } from './testApp.ts'

/** A product's gate beside a service, which listens from then on; closed by the test that is running. */
export async function openGate(
  t: TestApp,
  options: Parameters<typeof openLastingGate>[1] = {},
): Promise<Gate> {
  const gate = await openLastingGate(t, options)
  onTestFinished(() => gate.close())
  return gate
}

/** The same for a whole file, which closes it. */
export async function openLastingGate(
  t: TestApp,
  { withKey = true, ...options }: Partial<GateOptions> & { withKey?: boolean } = {},
): Promise<Gate> {
  const { server } = t.fastify
  if (!server.listening) await t.fastify.listen({ host: '127.0.0.1', port: 0 })
  const { publicUrl } = t.app.config
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const key = withKey ? await productKey(t, ['entitlements:read', 'usage:write']) : null
  const gate = createGate({
    url: publicUrl,
    ...(key && { productKey: key.key }),
    // A token alone is decided about by the clock of the product, which is the one of the service here.
    now: () => t.app.now().getTime(),
    fetch: (input, init) => fetch(String(input).replace(publicUrl, origin), init),
    ...options,
  })
  await gate.ready()
  return gate
}

/** The header of a request by the bearer of a token. */
export const bearing = (accessToken: string) => `Bearer ${accessToken}`
