import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { inTx, type Tx } from '../db/transaction.ts'
import { queueMail } from '../mail/queueMail.ts'
import { nameProviders, type ProviderName } from '../oidc/rules.ts'
import type { ResetRequest } from './forgotPassword.ts'
import { providersIn, waysIn } from './oauth/identities.ts'
import { issuePasswordToken, PASSWORD_LINK_MINUTES } from './passwordTokens.ts'
import { lockUserByEmail, recipientOf, type UserRecord } from './users.ts'

/**
 * Mails the reset link that was asked for, if somebody has the address; a second run mails nothing. Whoever
 * proved the mailbox, and has a way in at Google or Microsoft that is surely theirs, is only reminded of that.
 */
export async function sendResetLink(app: App, request: ResetRequest): Promise<void> {
  const { id, email, caller, requestedAt } = request
  await inTx(app, async (tx) => {
    const [user, earlierRun] = await Promise.all([
      lockUserByEmail(tx, email),
      tx.selectFrom('password_reset_tokens').select('id').where('id', '=', id).executeTakeFirst(),
    ])
    if (earlierRun) return
    const entry = { action: 'password.reset-requested', userId: user?.id ?? null }
    await Promise.all([
      user ? mailUser(tx, app, { user, id }, app.now()) : undefined,
      audit(tx, caller, entry, new Date(requestedAt)),
    ])
  })
}

async function mailUser(
  tx: Tx,
  { config, oidc }: App,
  { user, id }: { user: UserRecord; id: string },
  at: Date,
): Promise<void> {
  const ways = user.passwordHash === null ? await waysIn(tx, oidc, user.id) : []
  const vouched = providersIn(ways.filter(({ isVouched }) => isVouched))
  if (vouched.length > 0 && user.emailVerifiedAt) await mailReminder(tx, { user, id, providers: vouched }, at)
  else await mailLink(tx, config, { user, id, providers: providersIn(ways) }, at)
}

async function mailReminder(
  tx: Tx,
  { user, id, providers }: { user: UserRecord; id: string; providers: ProviderName[] },
  at: Date,
): Promise<void> {
  await queueMail(
    tx,
    {
      template: 'sign-in-with-provider',
      to: recipientOf(user),
      fill: { providers: nameProviders(providers) },
      link: { path: '/sign-in' },
      userId: user.id,
      onceKey: `reset ${id}`,
    },
    at,
  )
}

async function mailLink(
  tx: Tx,
  config: App['config'],
  { user, id, providers }: { user: UserRecord; id: string; providers: ProviderName[] },
  at: Date,
): Promise<void> {
  const token = await issuePasswordToken(tx, config, { id, userId: user.id, purpose: 'reset' }, at)
  await queueMail(
    tx,
    {
      template: 'password-reset',
      to: recipientOf(user),
      fill: { minutes: PASSWORD_LINK_MINUTES, providers: nameProviders(providers) },
      link: { path: '/reset-password', token },
      userId: user.id,
    },
    at,
  )
}
