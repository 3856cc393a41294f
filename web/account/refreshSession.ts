import { unwrap } from '@frontgate/client'
import { client } from '../client.ts'

/** Asks anew who is signed in and where: after names, roles or memberships have changed. All tabs hear of it. */
export async function refreshSession(): Promise<void> {
  unwrap(await client.api.POST('/v1/auth/refresh', { body: {} }))
}
