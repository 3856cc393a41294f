import type { App } from '../../app.ts'

const MONTH = 30 * 86_400_000

/** Forgets links, challenges and sessions that are over, a month later: until then a link says why it is void. */
export async function forgetSessions({ db }: Pick<App, 'db'>, at: Date): Promise<void> {
  const monthAgo = new Date(at.getTime() - MONTH)
  await db.deleteFrom('operator_sign_in_tokens').where('expires_at', '<', monthAgo).execute()
  await db.deleteFrom('operator_challenges').where('expires_at', '<', monthAgo).execute()
  await db.deleteFrom('operator_sessions').where('expires_at', '<', monthAgo).execute()
}
