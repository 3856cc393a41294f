import { unwrap } from '@frontgate/client'
import { client, queries } from '../client.ts'

/** Opens a closed account again and goes on in it. */
export async function reopenAccount(id: string): Promise<void> {
  unwrap(await client.api.POST('/v1/accounts/{id}/reopen', { params: { path: { id } }, body: {} }))
  await client.switchAccount(id)
  await queries.invalidateQueries()
}
