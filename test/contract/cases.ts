import { randomUUID } from 'node:crypto'
import { decodeJwt } from 'jose'
import { Authenticator } from '../support/authenticator.ts'
import { addPasskey, addTotp, codeOf, firstStep, nextCode, registerWithTotp } from '../support/factors.ts'
import { inInbox, noted } from '../support/inbox.ts'
import { invited, newMember } from '../support/invites.ts'
import { keptLead, leadOf } from '../support/leads.ts'
import { mirrored } from '../support/mirrored.ts'
import {
  askedForFactor,
  newPasskey,
  operatorId,
  operatorLink,
  protectedOperator,
  signInOperator,
  totpCode,
} from '../support/operators.ts'
import {
  mailedToken,
  newAddress,
  PASSWORD,
  type Person,
  register,
  registerVerified,
} from '../support/people.ts'
import { productKey } from '../support/productKeys.ts'
import { giveGrant, instant } from '../support/staff.ts'
import type { TestApp } from '../support/testApp.ts'
import { addEndpoint, startReceiver, webhookCall } from '../support/webhooks.ts'
import { withIdentity, withoutPassword } from '../support/withoutPassword.ts'

/** What a call is told, besides who calls. */
export interface Input {
  path?: Record<string, string>
  query?: Record<string, string>
  body?: Record<string, unknown>
  cookies?: Record<string, string>
  /** The token of the only one who can call it rightly with this, where there is such. */
  as?: string
}

/** How one operation is called rightly, and which ids in it could be somebody else's. */
export interface Case {
  /** A call by `me` that succeeds. */
  good?: (t: TestApp, me: Person) => Input | Promise<Input>
  /** It takes Stripe, for which there is no key here: the best that it answers is 503. */
  takesStripe?: true
  /** The same for Google and Microsoft. */
  takesProvider?: true
  /** Its reply goes on until the client leaves. */
  isEndless?: true
  /** It takes few calls of one network: each of ours comes from another. */
  isLimitedByNetwork?: true
  /** By the name of a field in path, query or body: an id that is not for the caller, which is answered 404. */
  foreign?: Record<string, (t: TestApp, other: Person) => string | Promise<string>>
}

const sessionOf = ({ accessToken }: Person) => String(decodeJwt(accessToken).sid)
async function changeToken(t: TestApp, { accessToken: as }: Person): Promise<string> {
  const email = newAddress()
  await t.call('POST', '/v1/me/email', { as, body: { email, password: PASSWORD } })
  return mailedToken(t, email)
}
const nobody = () => randomUUID()
async function verified(t: TestApp, { email }: Person): Promise<Input> {
  // Whoever is there for all cases may have done it before.
  const token = await mailedToken(t, email).catch(() => null)
  if (token) await t.call('POST', '/v1/auth/email/verify', { body: { token } })
  return {}
}
async function passkeyOf(t: TestApp, person: Person): Promise<string> {
  await verified(t, person)
  return (await addPasskey(t, person)).reply.body.id
}
async function closed(t: TestApp, { accountId, accessToken: as }: Person): Promise<string> {
  const { body } = await t.call('GET', '/v1/accounts/me', { as })
  await t.call('DELETE', '/v1/accounts/me', { as, body: { confirm: body.name } })
  return accountId
}
const startQuery = {
  return_to: '/billing',
  intent: 'sign-in',
  invite_token: 'an invite',
  login_hint: 'ada@customer.example',
  prompt: 'select_account',
}

const piece = { limit: 'kb_conversions', amount: 2, idempotency_key: 'a piece of work' }

/** One server for all endpoints of the table; they hear of nothing that tests do. */
let receiver: ReturnType<typeof startReceiver> | undefined
const endpoints = () => {
  receiver ??= startReceiver()
  return receiver
}
const endpointAt = async (t: TestApp) =>
  (await addEndpoint(t, (await endpoints()).url, { events: ['account.deleted'] })).id

const inviteFor = async (t: TestApp, email: string) =>
  (await invited(t, await registerVerified(t), email)).token
const inviteOfOthers = async (t: TestApp) => (await invited(t, await registerVerified(t), newAddress())).id

/** Every operation of openapi.json, by its name. */
export const cases: Record<string, Case> = {
  getConfig: {},
  listPlans: {},
  createSalesLead: { good: () => ({ body: leadOf(newAddress()) }), isLimitedByNetwork: true },
  getKeys: {},
  getLiveness: {},
  getReadiness: {},

  register: {
    good: () => ({
      body: {
        email: newAddress(),
        password: PASSWORD,
        name: 'Ada',
        account_name: 'Engines',
        token_delivery: 'body',
      },
    }),
  },
  signIn: { good: (_t, { email }) => ({ body: { email, password: PASSWORD, token_delivery: 'body' } }) },
  askForSecondFactor: {
    async good(t) {
      const { challenge } = await firstStep(t, await registerWithTotp(t))
      return { body: { challenge } }
    },
  },
  finishSignIn: {
    async good(t) {
      const holder = await registerWithTotp(t)
      const { challenge } = await firstStep(t, holder)
      return { body: { challenge, code: nextCode(t, holder), token_delivery: 'body' } }
    },
  },
  getFactors: {},
  askMyPasskey: {},
  proveFactor: {
    async good(t, me) {
      await verified(t, me)
      return { body: { code: nextCode(t, await addTotp(t, me)) } }
    },
  },
  offerTotp: { good: verified },
  confirmTotp: {
    async good(t, me) {
      await verified(t, me)
      const { body } = await t.call('POST', '/v1/me/factors/totp', { as: me.accessToken })
      return { body: { code: codeOf(t, body.secret) } }
    },
  },
  removeTotp: {
    async good(t, me) {
      await verified(t, me)
      await addTotp(t, me)
      return {}
    },
  },
  offerPasskey: { good: verified },
  addPasskey: {
    async good(t, me) {
      await verified(t, me)
      const { body } = await t.call('POST', '/v1/me/factors/passkeys/options', { as: me.accessToken })
      const response = new Authenticator(t.app.config.publicUrl).create(body)
      return { body: { name: 'A key', response } }
    },
  },
  removePasskey: {
    good: async (t, me) => ({ path: { id: await passkeyOf(t, me) } }),
    foreign: { id: passkeyOf },
  },
  renewRecoveryCodes: {
    async good(t, me) {
      await verified(t, me)
      await addTotp(t, me)
      return {}
    },
  },
  refreshSession: { good: (_t, { refreshToken }) => ({ body: { refresh_token: refreshToken } }) },
  signOut: { good: (_t, { refreshToken }) => ({ body: { refresh_token: refreshToken } }) },
  signOutEverywhere: {},
  listSessions: { good: () => ({ query: { limit: '10' } }) },
  endSession: {
    good: (_t, me) => ({ path: { id: sessionOf(me) } }),
    foreign: { id: (_t, other) => sessionOf(other) },
  },
  switchAccount: {
    good: (_t, { accountId }) => ({ body: { account_id: accountId } }),
    foreign: { account_id: (_t, { accountId }) => accountId },
  },

  verifyEmail: {
    async good(t) {
      const { email } = await register(t)
      return { body: { token: await mailedToken(t, email), token_delivery: 'body' } }
    },
  },
  resendVerification: {},
  disownRegistration: {
    async good(t) {
      const { email } = await register(t)
      return { body: { token: await mailedToken(t, email) } }
    },
  },
  forgotPassword: { good: (_t, { email }) => ({ body: { email } }) },
  resetPassword: {
    async good(t, { email }) {
      await t.call('POST', '/v1/auth/password/forgot', { body: { email }, from: '10.1.2.3' })
      return { body: { token: await mailedToken(t, email), password: 'quite another staple battery' } }
    },
  },
  changePassword: {
    good: () => ({ body: { current_password: PASSWORD, new_password: 'quite another staple battery' } }),
  },
  requestFirstPassword: {
    async good(t, me) {
      await withoutPassword(t, me)
      return {}
    },
  },
  setFirstPassword: {
    async good(t, me) {
      await withoutPassword(t, me)
      await t.call('POST', '/v1/auth/password/first-link', { as: me.accessToken })
      return { body: { token: await mailedToken(t, me.email), password: 'quite another staple battery' } }
    },
  },

  startWithGoogle: { good: () => ({ query: startQuery }), takesProvider: true },
  startWithMicrosoft: { good: () => ({ query: startQuery }), takesProvider: true },
  finishWithGoogle: {},
  finishWithMicrosoft: {},
  listIdentities: {
    async good(t, me) {
      await withIdentity(t, me)
      return { query: { limit: '10' } }
    },
  },
  unlinkIdentity: {
    async good(t, me) {
      return { path: { id: await withIdentity(t, me) } }
    },
    foreign: { id: (t, other) => withIdentity(t, other) },
  },
  requestEmailChange: { good: () => ({ body: { email: newAddress(), password: PASSWORD } }) },
  confirmEmailChange: { good: async (t, me) => ({ body: { token: await changeToken(t, me) } }) },
  refuseEmailChange: { good: async (t, me) => ({ body: { token: await changeToken(t, me) } }) },

  getMe: {},
  changeMe: { good: () => ({ body: { name: 'Ada' } }) },
  deleteMe: { good: () => ({ body: { password: PASSWORD } }) },
  exportMe: {},
  listAccounts: { good: () => ({ query: { limit: '10', closed: 'false' } }) },
  createAccount: { good: () => ({ body: { name: 'Another' } }) },
  getAccount: {},
  changeAccount: { good: () => ({ body: { name: 'Renamed' } }) },
  getOnboarding: {},
  changeOnboarding: {
    good: () => ({
      body: { answers: { team_size: 12, gone: null }, skip: ['invite'], unskip: ['name_account'] },
    }),
  },
  closeAccount: {
    async good(t, { accessToken }) {
      const { body } = await t.call('GET', '/v1/accounts/me', { as: accessToken })
      return { body: { confirm: body.name } }
    },
  },
  exportAccount: {},
  reopenAccount: {
    good: async (t, me) => ({ path: { id: await closed(t, me) } }),
    foreign: { id: closed },
  },

  listMembers: { good: () => ({ query: { limit: '10' } }) },
  changeRole: {
    good: async (t, me) => ({ path: { user_id: (await newMember(t, me)).userId }, body: { role: 'viewer' } }),
    foreign: { user_id: (_t, { userId }) => userId },
  },
  removeMember: {
    good: async (t, me) => ({ path: { user_id: (await newMember(t, me)).userId } }),
    foreign: { user_id: (_t, { userId }) => userId },
  },
  leaveAccount: {
    async good(t, me) {
      await newMember(t, me, 'owner')
      return {}
    },
  },
  transferOwnership: {
    good: async (t, me) => ({ body: { user_id: (await newMember(t, me)).userId } }),
    foreign: { user_id: (_t, { userId }) => userId },
  },

  listInvites: { good: () => ({ query: { limit: '10' } }) },
  sendInvite: { good: () => ({ body: { email: newAddress(), role: 'viewer' } }) },
  sendInvites: {
    good: (_t, { email }) => ({
      body: {
        invites: [
          { email: newAddress(), role: 'viewer' },
          { email, role: 'member' },
        ],
      },
    }),
  },
  resendInvite: {
    good: async (t, me) => ({ path: { id: (await invited(t, me, newAddress())).id } }),
    foreign: { id: inviteOfOthers },
  },
  revokeInvite: {
    good: async (t, me) => ({ path: { id: (await invited(t, me, newAddress())).id } }),
    foreign: { id: inviteOfOthers },
  },
  previewInvite: { good: async (t, { email }) => ({ body: { token: await inviteFor(t, email) } }) },
  acceptInvite: { good: async (t, { email }) => ({ body: { token: await inviteFor(t, email) } }) },

  getBillingState: {},
  createCheckoutSession: {
    good: () => ({ body: { plan: 'team', interval: 'year', seats: 3, promotion_code: 'WELCOME' } }),
    takesStripe: true,
  },
  syncCheckoutSession: {
    good: () => ({ path: { id: 'cs_test_1' } }),
    foreign: { id: () => 'cs_test_2' },
    takesStripe: true,
  },
  createPortalSession: { good: () => ({ body: { flow: 'cancel' } }), takesStripe: true },
  previewSubscriptionChange: {
    good: () => ({ body: { plan: 'team', interval: 'month', seats: 3 } }),
    takesStripe: true,
  },
  changeSubscription: {
    good: () => ({ body: { plan: 'team', interval: 'month', seats: 3, proration_date: 1_800_000_000 } }),
    takesStripe: true,
  },
  cancelSubscription: { takesStripe: true },
  resumeSubscription: { takesStripe: true },
  listInvoices: { good: () => ({ query: { limit: '10' } }), takesStripe: true },
  receiveStripeEvent: { good: () => ({ body: { id: 'evt_1' } }) },
  getEntitlements: {
    good: (_t, { accountId }) => ({ query: { account_id: accountId } }),
    foreign: { account_id: (_t, { accountId }) => accountId },
  },
  checkEntitlement: {
    good: (_t, { accountId }) => ({ body: { account_id: accountId, limit: 'kb_conversions', amount: 2 } }),
    foreign: { account_id: (_t, { accountId }) => accountId },
  },
  getUsageHistory: { good: () => ({ query: { limit: 'kb_conversions', periods: '3' } }) },
  consumeUsage: {
    good: (_t, { accountId }) => ({ body: { account_id: accountId, ...piece } }),
    foreign: { account_id: (_t, { accountId }) => accountId },
  },
  releaseUsage: {
    async good(t, { accountId, accessToken: as }) {
      await t.call('POST', '/v1/usage/consume', { as, body: piece })
      return { body: { account_id: accountId, ...piece } }
    },
    foreign: { account_id: (_t, { accountId }) => accountId },
  },
  forwardAuth: { good: () => ({ query: { require: 'plan:pro', feature: 'scripts' } }) },

  getAccessState: {},
  followChanges: { isEndless: true },
  askForOperatorLink: { good: () => ({ body: { email: newAddress() } }), isLimitedByNetwork: true },
  signInOperator: { good: async (t) => ({ body: { token: await operatorLink(t) } }) },
  proveOperatorFactor: {
    good: async (t) => {
      const { email, recoveryCodes } = await protectedOperator(t)
      const { body } = await askedForFactor(t, email)
      return { body: { challenge: body.challenge, recovery_code: recoveryCodes[0] } }
    },
  },
  getOperatorFactors: {},
  offerOperatorTotp: {},
  confirmOperatorTotp: {
    async good(t) {
      const as = (await signInOperator(t)).body.access_token
      const { body } = await t.call('POST', '/v1/operator/auth/factors/totp', { as })
      return { as, body: { code: totpCode(t, body.secret) } }
    },
  },
  removeOperatorTotp: { good: async (t) => ({ as: (await protectedOperator(t)).accessToken }) },
  offerOperatorPasskey: {},
  addOperatorPasskey: {
    async good(t) {
      const as = (await signInOperator(t)).body.access_token
      return { as, body: await newPasskey(t, as) }
    },
  },
  removeOperatorPasskey: {
    async good(t) {
      const as = (await signInOperator(t)).body.access_token
      const body = await newPasskey(t, as)
      const added = await t.call('POST', '/v1/operator/auth/factors/passkeys', { as, body })
      return { as, path: { id: added.body.id } }
    },
    foreign: { id: nobody },
  },
  renewOperatorRecoveryCodes: { good: async (t) => ({ as: (await protectedOperator(t)).accessToken }) },
  refreshOperatorSession: { good: async (t) => ({ cookies: (await signInOperator(t)).cookies }) },
  signOutOperator: { good: async (t) => ({ cookies: (await signInOperator(t)).cookies }) },
  findAccounts: { good: (_t, { email }) => ({ query: { query: email, limit: '10' } }) },
  getAccountAsOperator: {
    async good(t, { accountId }) {
      await mirrored(t, accountId)
      return { path: { id: accountId } }
    },
    foreign: { id: nobody },
  },
  listTimeline: {
    good: (_t, { accountId }) => ({ path: { id: accountId }, query: { limit: '10' } }),
    foreign: { id: nobody },
  },
  reopenAccountAsOperator: {
    good: async (t, me) => ({
      path: { id: await closed(t, me) },
      body: { reason: 'They changed their mind' },
    }),
    foreign: { id: nobody, owner_id: nobody },
  },
  getFigures: {
    good: (t) => ({ query: { per: 'week', from: instant(t, -30 * 86_400), until: instant(t) } }),
  },
  getCatalogue: {},
  giveGrant: {
    good: (t, { accountId }) => ({
      path: { id: accountId },
      body: {
        source: 'trial',
        plan: 'pro',
        from: '2026-01-01T00:00:00Z',
        until: instant(t, 30 * 86_400),
        reason: 'Agreed with sales',
      },
    }),
    foreign: { id: nobody },
  },
  endGrant: {
    good: async (t, { accountId }) => ({
      path: {
        id: await giveGrant(t, accountId, { source: 'trial', plan: 'pro', until: '2100-01-01T00:00:00Z' }),
      },
      body: { reason: 'A mistake' },
    }),
    foreign: { id: nobody },
  },
  setFeature: {
    good: (_t, { accountId }) => ({
      path: { id: accountId, name: 'scripts' },
      body: { value: false, until: '2100-01-01T00:00:00Z', reason: 'Agreed with sales' },
    }),
    foreign: { id: nobody, name: () => 'unheard_of' },
  },
  clearFeature: {
    good: (_t, { accountId }) => ({
      path: { id: accountId, name: 'scripts' },
      body: { reason: 'A mistake' },
    }),
    foreign: { id: nobody, name: () => 'unheard_of' },
  },
  setLimit: {
    good: (_t, { accountId }) => ({
      path: { id: accountId, name: 'trees' },
      body: { value: null, until: '2100-01-01T00:00:00Z', reason: 'Agreed with sales' },
    }),
    foreign: { id: nobody, name: () => 'unheard_of' },
  },
  clearLimit: {
    good: (_t, { accountId }) => ({ path: { id: accountId, name: 'trees' }, body: { reason: 'A mistake' } }),
    foreign: { id: nobody, name: () => 'unheard_of' },
  },
  listAudit: {
    good: (_t, { userId, accountId }) => ({
      query: { user_id: userId, account_id: accountId, action: 'account.created', limit: '10' },
    }),
  },
  exportAudit: {
    good: (_t, { accountId }) => ({ query: { account_id: accountId, action: 'account.', format: 'jsonl' } }),
  },
  listOperators: {},
  addOperator: {
    good: () => ({ body: { email: newAddress('staff'), role: 'read', reason: 'Begins today' } }),
  },
  changeOperator: {
    good: async (t) => ({
      path: { id: await operatorId(t) },
      body: { role: 'support', reason: 'Helps out' },
    }),
    foreign: { id: nobody },
  },
  resetUserFactors: {
    good: async (t, me) => {
      await addTotp(t, me)
      return { path: { id: me.userId }, body: { reason: 'Lost the telephone' } }
    },
    foreign: { id: nobody },
  },
  resetOperatorFactors: {
    good: async (t) => ({ path: { id: await operatorId(t) }, body: { reason: 'Lost the telephone' } }),
    foreign: { id: nobody },
  },
  removeOperator: {
    good: async (t) => ({ path: { id: await operatorId(t) }, body: { reason: 'Left' } }),
    foreign: { id: nobody },
  },

  createProductKey: {
    good: () => ({
      body: { name: 'The product', scopes: ['entitlements:read'], expires_at: '2100-01-01T00:00:00Z' },
    }),
  },
  listProductKeys: {
    async good(t) {
      await productKey(t)
      return { query: { limit: '10' } }
    },
  },
  revokeProductKey: {
    good: async (t) => ({ path: { id: (await productKey(t)).id }, body: { reason: 'It leaked' } }),
    foreign: { id: nobody },
  },
  listLeads: {
    async good(t) {
      await keptLead(t)
      return { query: { spam: 'false', limit: '10' } }
    },
  },
  exportLeads: {
    async good(t) {
      await keptLead(t)
      return { query: { spam: 'false' } }
    },
  },
  deleteLead: {
    good: async (t) => ({ path: { id: await keptLead(t) }, body: { reason: 'They asked for it' } }),
    foreign: { id: nobody },
  },
  getSelfServe: {},
  setSelfServe: {
    good: () => ({ body: { domains: ['customer.example'], share: 20, reason: 'The first ones' } }),
  },

  createWebhookEndpoint: {
    good: async () => ({
      body: { url: (await endpoints()).url, description: 'The product', events: ['account.deleted'] },
    }),
  },
  listWebhookEndpoints: {
    async good(t) {
      await endpointAt(t)
      return { query: { limit: '10' } }
    },
  },
  getWebhookEndpoint: {
    good: async (t) => ({ path: { id: await endpointAt(t) } }),
    foreign: { id: nobody },
  },
  changeWebhookEndpoint: {
    good: async (t) => ({
      path: { id: await endpointAt(t) },
      body: {
        url: (await endpoints()).url,
        description: 'Another',
        events: ['account.deleted'],
        enabled: false,
        reason: 'It moves',
      },
    }),
    foreign: { id: nobody },
  },
  deleteWebhookEndpoint: {
    good: async (t) => ({ path: { id: await endpointAt(t) }, body: { reason: 'It is gone' } }),
    foreign: { id: nobody },
  },
  rollWebhookSecret: {
    good: async (t) => ({
      path: { id: await endpointAt(t) },
      body: { overlap_hours: 1, reason: 'It leaked' },
    }),
    foreign: { id: nobody },
  },
  pingWebhookEndpoint: {
    good: async (t) => ({ path: { id: await endpointAt(t) } }),
    foreign: { id: nobody },
  },
  replayFailedWebhooks: {
    good: async (t) => ({
      path: { id: await endpointAt(t) },
      body: { since: '2026-01-01T00:00:00Z', reason: 'It was down' },
    }),
    foreign: { id: nobody },
  },
  listWebhookDeliveries: {
    async good(t, { accountId }) {
      const endpoint = await endpointAt(t)
      await webhookCall(t, 'POST', `endpoints/${endpoint}/ping`)
      const query = { endpoint_id: endpoint, state: 'delivered', account_id: accountId, limit: '10' }
      return { query }
    },
  },
  replayWebhookDelivery: {
    async good(t) {
      const { body } = await webhookCall(t, 'POST', `endpoints/${await endpointAt(t)}/ping`)
      return { path: { id: body.id }, body: { reason: 'Lost there' } }
    },
    foreign: { id: nobody },
  },

  listStripeEvents: {
    async good(t) {
      await inInbox(t, { stripe_customer_id: 'cus_1', type: 'invoice.paid', handled_at: instant(t) })
      return { query: { status: 'parked', customer: 'cus_1', type: 'invoice.paid', limit: '10' } }
    },
  },
  replayStripeEvent: {
    good: async (t) => ({ path: { id: await inInbox(t) }, body: { reason: 'The price is there now' } }),
    foreign: { id: () => 'evt_of_nobody' },
  },
  listDrift: {
    async good(t, { accountId }) {
      await noted(t, { account_id: accountId })
      return { query: { limit: '10' } }
    },
  },
}
