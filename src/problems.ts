/**
 * The closed list of what can go wrong, in the words of RFC 9457. `src/http/` renders them, the pages
 * under /problems/ and docs/problems/ are made from this list.
 */
export const problems = {
  'invalid-request': {
    status: 422,
    title: 'The request does not fit the contract',
    meaning: 'A field is missing, unknown, or holds something the operation does not take.',
    remedy: 'Each entry of `errors` points at one field (`pointer`, RFC 6901) and says what was expected.',
  },
  'weak-password': {
    status: 422,
    title: 'The password is too easy to guess',
    meaning: 'It is too short, on a list of known passwords, or too like the address. `reason` says which.',
    remedy: 'Choose another one: a few unrelated words make a good password.',
  },
  'confirmation-mismatch': {
    status: 422,
    title: 'The confirmation does not match',
    meaning: 'Closing an account takes its exact name.',
    remedy: 'Repeat the call with the name in `confirm`, as GET /v1/accounts/me shows it.',
  },
  'invalid-signature': {
    status: 400,
    title: 'The signature does not fit the body',
    meaning:
      'Events are signed by Stripe over the bytes of the body, with the secret of this endpoint, not longer than five minutes ago.',
    remedy:
      'Compare STRIPE_WEBHOOK_SECRET with the endpoint at Stripe, and let no proxy in between rewrite the body.',
  },
  'invalid-event': {
    status: 400,
    title: 'This is no event of Stripe',
    meaning: 'The signature fits, but the body is not an event that this endpoint knows to read.',
    remedy: 'Point an endpoint for snapshot or thin events at this path, nothing else.',
  },
  'oauth-failed': {
    status: 400,
    title: 'Signing in did not work out',
    meaning:
      'What came back from Google or Microsoft does not fit what was asked, was used before, took longer than ten minutes, or came to another browser than the one that began.',
    remedy: 'Begin again. If it stays so, the log of the service says what did not fit.',
  },
  'oauth-canceled': {
    status: 400,
    title: 'Signing in was canceled',
    meaning: 'Google or Microsoft say that the person, or an administrator of theirs, did not agree.',
    remedy: 'Begin again and agree, or use another way to sign in.',
  },
  unauthenticated: {
    status: 401,
    title: 'Sign in first',
    meaning:
      'The request carries no access token, or one that is malformed, expired or signed by nobody known; or a product key that is unknown, revoked or expired, or that this operation does not take.',
    remedy:
      'Send `Authorization: Bearer <access token>`; get a new token from POST /v1/auth/refresh. Product keys open only the operations whose description names them.',
  },
  'invalid-credentials': {
    status: 401,
    title: 'Address or password is wrong',
    meaning: 'No user has this address with this password. Which of the two is wrong is not said.',
    remedy: 'Try again, or ask for a reset link with POST /v1/auth/password/forgot.',
  },
  'second-factor-required': {
    status: 401,
    title: 'A second factor is needed too',
    meaning:
      'The first step was right, and this user has a second factor. `challenge` is good for one sign-in until `expires_at`; `methods` says what can be proved, and `passkey` is what a browser is asked for one with, where there is one.',
    remedy:
      'Post the challenge to /v1/auth/second-factor with `code`, `passkey` or `recovery_code`; as an operator, to /v1/operator/auth/second-factor.',
  },
  'wrong-second-factor': {
    status: 401,
    title: 'This does not prove the second factor',
    meaning:
      'The code is wrong, too old or was used before; or the passkey is not one of this user, or answers another question than the last one. It is not said which.',
    remedy:
      'Wait for the next code, or ask again for the question to the passkey. A recovery code works once, in place of both.',
  },
  'session-expired': {
    status: 401,
    title: 'The session is over',
    meaning: 'It was signed out, revoked, reached its end, or its refresh token was used a second time.',
    remedy: 'Sign in again.',
  },
  'subscription-required': {
    status: 402,
    title: 'The plan of this account does not open this',
    meaning: 'The account is on a lower plan. `reason` says why, `required_plan` what would open it.',
    remedy: 'Send the reader to `upgrade_url`.',
  },
  'feature-not-in-plan': {
    status: 402,
    title: 'The plan of this account does not have this feature',
    meaning: '`feature` is off for this account on its plan.',
    remedy: 'Send the reader to `upgrade_url`; `required_plan` is the lowest plan that has it.',
  },
  'seat-limit-reached': {
    status: 402,
    title: 'All seats are taken',
    meaning:
      'The account may have `limit` members: as many as its plan or an operator allows or, while its subscription ends or is owed for, as were bought. `used` of these seats are taken: by members, and where a new seat is asked for by open invites too.',
    remedy:
      'Send an owner or admin to `upgrade_url`; `required_plan` is the lowest plan above that has another seat. A subscription that ends is resumed, one that is owed for is paid. Or revoke an invite that is not needed.',
  },
  'limit-reached': {
    status: 402,
    title: 'This account has reached its limit',
    meaning:
      'What is asked for, added to `used`, is more than `limit`. Nothing was counted; what is there stays, also where it is above the limit.',
    remedy:
      'Send the reader to `upgrade_url`; `required_plan` is the lowest plan that allows it. Or wait until `resets_at`, where there is one.',
  },
  'payment-failed': {
    status: 402,
    title: 'The payment did not go through',
    meaning: 'The card was declined or asks for a confirmation. Nothing was changed and nothing charged.',
    remedy: 'Open `portal` to give another card, then repeat the call.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    meaning:
      'The caller is known and may not do this: the role is too low, membership has ended, or the product key lacks the scope.',
    remedy:
      'Ask an owner or admin of the account; for a product key, an operator; as an operator, an admin among them.',
  },
  'account-closed': {
    status: 403,
    title: 'This account is closed',
    meaning: 'It was closed, by an owner or with its only member. Its tokens stop working at once.',
    remedy:
      'Until it is deleted an owner can reopen it, with POST /v1/accounts/{id}/reopen or at /account. Else switch to another account or create a new one.',
  },
  'self-serve-disabled': {
    status: 403,
    title: 'New accounts cannot be created here right now',
    meaning: 'Self-serve registration is switched off. Existing users, invites and sign-in work.',
    remedy: 'Talk to sales at `sales_url`, or ask for an invite.',
  },
  'second-factor-setup-required': {
    status: 403,
    title: 'Set up a second factor first',
    meaning:
      'Operators prove a second factor after the mailed link, and this one has none yet. Until then nothing else is open to them.',
    remedy:
      'Set one up with POST /v1/operator/auth/factors/totp or …/passkeys/options, or at /operator/security.',
  },
  'email-verification-required': {
    status: 403,
    title: 'Verify the e-mail address first',
    meaning:
      'The grace period for verifying the address ended at `grace_ended_at`; or it goes on until `grace_ends_at`, and this takes a verified address all the same.',
    remedy: 'Open the link in the mail; POST /v1/auth/email/resend sends a new one.',
  },
  'recent-sign-in-required': {
    status: 403,
    title: 'Prove again who you are',
    meaning: 'This takes the password, or a sign-in of the last ten minutes.',
    remedy: 'Send `password`, or sign in again and repeat the call.',
  },
  'second-factor-required-here': {
    status: 403,
    title: 'This account asks for a second factor',
    meaning: 'Members of this account sign in with a second factor, and this session was not proved by one.',
    remedy:
      'Send the reader to `security_url`: who has a factor proves it there (POST /v1/me/factors/prove), who has none adds one. Leaving the account and switching to another one work without.',
  },
  'invite-for-another-address': {
    status: 403,
    title: 'This invite is for another address',
    meaning: 'An invite is accepted by the user whose address it was mailed to, and by nobody else.',
    remedy: 'Sign in or register with that address, or ask to be invited with yours.',
  },
  'oauth-not-allowed': {
    status: 403,
    title: 'This account may not come in here',
    meaning: 'Sign-in is limited to certain companies, and the account that was chosen is of none of them.',
    remedy: 'Choose the account of your company, or ask the people who run this service.',
  },
  'not-found': {
    status: 404,
    title: 'There is no such thing',
    meaning: 'It does not exist, or it belongs to somebody else: the two are not told apart.',
    remedy: 'Check the address of the request and the id in it.',
  },
  'token-unknown': {
    status: 404,
    title: 'This link is not one of ours',
    meaning: 'The token was never issued, or was damaged on its way.',
    remedy: 'Open the link from the mail again, or ask for a new one.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'The path exists, the method does not',
    meaning: 'Another method is offered on this path.',
    remedy: 'The `Allow` header lists the methods of this path.',
  },
  'email-already-registered': {
    status: 409,
    title: 'This address is registered already',
    meaning: 'A user with this address exists.',
    remedy: 'Sign in, or ask for a reset link.',
  },
  'already-member': {
    status: 409,
    title: 'Somebody with this address is a member already',
    meaning: 'The account has a member with this address.',
    remedy: 'Nothing is left to do.',
  },
  'invite-already-accepted': {
    status: 409,
    title: 'This invite has been accepted',
    meaning: 'Whoever was invited is a member by now, so there is nothing to send or to revoke.',
    remedy: 'Look at the members of the account.',
  },
  'use-oauth-provider': {
    status: 409,
    title: 'Sign in with Google or Microsoft',
    meaning: 'This user has no password and signs in with Google or Microsoft.',
    remedy:
      '`providers` lists which of them. Send the person to GET /v1/auth/oauth/{provider}/start. Once signed in, POST /v1/auth/password/first-link lets them choose a password.',
  },
  'password-exists': {
    status: 409,
    title: 'There is a password already',
    meaning: 'A first password is for users who have none.',
    remedy: 'Change it with POST /v1/auth/password/change.',
  },
  'identity-already-linked': {
    status: 409,
    title: 'Somebody else signs in with this',
    meaning: 'The Google or Microsoft account belongs to another user here. Nothing was changed.',
    remedy: 'Choose another account, or sign in with this one and unlink it there first.',
  },
  'last-sign-in-method': {
    status: 409,
    title: 'This is the only way to sign in',
    meaning: 'Without it the user could not come in any more.',
    remedy: 'Choose a password or link another account first.',
  },
  'no-second-factor': {
    status: 409,
    title: 'There is no second factor',
    meaning: 'This user has neither an authenticator nor a passkey, or not the one that is meant.',
    remedy: 'Add one with POST /v1/me/factors/totp or /v1/me/factors/passkeys/options.',
  },
  'last-second-factor': {
    status: 409,
    title: 'An account asks for this second factor',
    meaning: 'It is the last one of this user, who is a member of `accounts`, which ask for one.',
    remedy: 'Add another factor first, leave these accounts, or have an owner stop asking for it.',
  },
  'too-many-passkeys': {
    status: 409,
    title: 'There are too many passkeys',
    meaning: 'Nobody has more than twenty.',
    remedy: 'Take one away that is not used any more, with DELETE /v1/me/factors/passkeys/{id}.',
  },
  'already-subscribed': {
    status: 409,
    title: 'This account has a subscription already',
    meaning:
      'One account has one subscription. It can be changed, resumed and paid for, but not bought again.',
    remedy: 'Open `portal`, or use POST /v1/billing/subscription/change.',
  },
  'no-subscription': {
    status: 409,
    title: 'This account has no subscription',
    meaning: 'It never bought one here, or the last one is over.',
    remedy: 'Begin with POST /v1/billing/checkout-session.',
  },
  'subscription-not-changeable': {
    status: 409,
    title: 'The subscription cannot be changed as it stands',
    meaning: '`reason` says why: a payment is due, it is set to end, or it is paused.',
    remedy: 'Settle that first: open the portal to pay, or resume the subscription.',
  },
  'subscription-live': {
    status: 409,
    title: 'Cancel the subscription first',
    meaning: 'The subscription of `accounts` goes on, and would be charged for after they are closed.',
    remedy:
      'POST /v1/billing/subscription/cancel, or cancel in the portal, then repeat the call: it need not have ended yet.',
  },
  'change-in-progress': {
    status: 409,
    title: 'Another change of this subscription is under way',
    meaning:
      'Somebody asked for another change of this account a moment ago, and its outcome is not known yet.',
    remedy: 'Read the billing state, then decide again.',
  },
  'last-owner': {
    status: 409,
    title: 'An account needs an owner',
    meaning: '`accounts` would be left without an owner.',
    remedy: 'Make another member owner first, or close the account.',
  },
  'last-admin': {
    status: 409,
    title: 'There must be an admin among the operators',
    meaning: 'Nobody would be left who may add operators.',
    remedy: 'Make another operator an admin first.',
  },
  'idempotency-key-reused': {
    status: 409,
    title: 'This key was used for something else',
    meaning: 'An earlier call of this account had the same idempotency key with another limit or amount.',
    remedy: 'Use a new key for each piece of work, and the same call when it is tried again.',
  },
  'grant-already-ended': {
    status: 409,
    title: 'This grant has ended already',
    meaning: 'The grant was ended, or its time had run out, before this call.',
    remedy: 'Nothing is left to end.',
  },
  'webhook-endpoint-disabled': {
    status: 409,
    title: 'This webhook endpoint is disabled',
    meaning:
      'An operator disabled it, it answered 410, or it had failed for five days. Nothing is sent to it.',
    remedy: 'Enable it with PATCH /v1/operator/webhooks/endpoints/{id}, then repeat the call.',
  },
  'token-expired': {
    status: 410,
    title: 'This link has expired',
    meaning:
      'Links to verify or change an address live 24 hours, links to a password one hour, invites seven days.',
    remedy: 'Ask for a new one.',
  },
  'token-used': {
    status: 410,
    title: 'This link has been used',
    meaning: 'Every link works once.',
    remedy: 'If it was not you, ask for a new one and change the password.',
  },
  'token-superseded': {
    status: 410,
    title: 'A newer link has been sent',
    meaning:
      'Asking for another mail, changing the password, or being invited again makes earlier links void. An operator’s are void once one of them is used.',
    remedy: 'Use the newest mail.',
  },
  'token-canceled': {
    status: 410,
    title: 'This has been called off',
    meaning:
      'A change was refused from one of its mailboxes, or the session that asked for it has ended. An invite was revoked, or whoever sent it may not invite any more.',
    remedy: 'Sign in and ask for the change again, or ask to be invited again.',
  },
  'challenge-over': {
    status: 410,
    title: 'This sign-in took too long',
    meaning:
      'The challenge is unknown, older than ten minutes, was used, or void since the password or the factors changed.',
    remedy: 'Begin again with the first step.',
  },
  'account-deleted': {
    status: 410,
    title: 'This account was deleted',
    meaning:
      'It was closed, and the time in which it could be reopened is over. What was in it is gone; what books need is kept.',
    remedy: 'Nothing brings it back. Create a new account.',
  },
  'payload-too-large': {
    status: 413,
    title: 'The request body is too large',
    meaning: 'Bodies are limited to 64 KiB.',
    remedy: 'Send less.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'This content type is not read here',
    meaning: 'Operations take application/json.',
    remedy: 'Set `Content-Type: application/json`.',
  },
  'oauth-email-missing': {
    status: 422,
    title: 'The account has no e-mail address',
    meaning: 'A user here has an address, and Google or Microsoft named none that mail can be sent to.',
    remedy: 'Sign up with an address and a password, then link the account.',
  },
  'too-many-requests': {
    status: 429,
    title: 'Too many attempts',
    meaning: 'A limit per address, network, user or account was reached.',
    remedy: 'Wait as many seconds as `Retry-After` says.',
  },
  'headers-too-large': {
    status: 431,
    title: 'The request headers are too large',
    meaning: 'All headers together are limited to 16 KiB.',
    remedy: 'Send fewer or smaller headers.',
  },
  internal: {
    status: 500,
    title: 'Something broke on our side',
    meaning: 'The request could not be finished. The cause is in the log.',
    remedy: 'Try again; if it stays, tell the operator the `instance`: the log has the cause under it.',
  },
  'oauth-not-configured': {
    status: 503,
    title: 'This provider is not set up here',
    meaning: 'Signing in with it takes a client id and a secret, which are not set.',
    remedy:
      'Set GOOGLE_CLIENT_ID or MICROSOFT_CLIENT_ID and its secret. GET /v1/config lists what is set up.',
  },
  'oauth-unavailable': {
    status: 503,
    title: 'Google or Microsoft do not answer right now',
    meaning: 'The provider cannot be reached, or says that it cannot help right now. Nothing was lost.',
    remedy: 'Try again after `Retry-After` seconds, or use another way to sign in.',
  },
  'stripe-not-configured': {
    status: 503,
    title: 'Billing is not set up here',
    meaning: 'This takes Stripe, which has no key here, or does not have the price yet.',
    remedy: 'Set STRIPE_SECRET_KEY and run `frontgate catalogue apply`. Everything else works without.',
  },
  'stripe-unavailable': {
    status: 503,
    title: 'Stripe does not answer right now',
    meaning:
      'The call to Stripe failed in a way that passes, or too many others wait to ask it. What the account is entitled to is not touched by that.',
    remedy: 'Repeat the call after `Retry-After` seconds; nothing is done twice.',
  },
  overloaded: {
    status: 503,
    title: 'Too busy right now',
    meaning:
      'More work is waiting than can be done in good time, so this request was turned away at the door.',
    remedy:
      'Try again after `Retry-After` seconds. `detail` says so where a server behind this one is away instead, such as its database, and where that one left before it told whether a change was made: then look before you repeat what must not be done twice.',
  },
} as const satisfies Record<string, { status: number; title: string; meaning: string; remedy: string }>

export type ProblemCode = keyof typeof problems

/** Why an account that asks for a paid plan does not have it. */
export type SubscriptionReason =
  | 'trial-expired'
  | 'canceled'
  | 'past-due'
  | 'unpaid'
  | 'never-subscribed'
  | 'plan-too-low'

/** What a code carries beside the members that every problem has. */
interface MembersByCode {
  'invalid-request': { errors: { pointer: string; detail: string }[] }
  'weak-password': {
    reason: 'too-short' | 'too-long' | 'common' | 'breached' | 'like-address'
    min_length: number
  }
  'subscription-required': {
    reason: SubscriptionReason
    plan: string
    required_plan: string
    upgrade_url: string
  }
  'feature-not-in-plan': { feature: string; plan: string; required_plan: string | null; upgrade_url: string }
  'second-factor-required': {
    challenge: string
    expires_at: string
    methods: string[]
    passkey: object | null
  }
  'second-factor-required-here': { security_url: string }
  'last-second-factor': { accounts: { id: string; name: string }[] }
  'self-serve-disabled': { sales_url: string }
  'email-verification-required': { grace_ended_at?: string; grace_ends_at?: string }
  'seat-limit-reached': {
    reason: 'limit-reached'
    plan: string
    limit: number
    used: number
    required_plan: string | null
    upgrade_url: string
  }
  'limit-reached': {
    allowed: false
    reason: 'limit-reached'
    plan: string
    limit: number | null
    used: number
    remaining: number | null
    resets_at: string | null
    upgrade: { plan: string; url: string } | null
    required_plan: string | null
    upgrade_url: string
  }
  'last-owner': { accounts: { id: string; name: string }[] }
  'subscription-live': { accounts: { id: string; name: string }[] }
  'use-oauth-provider': { providers: string[] }
  'already-subscribed': { portal: string }
  'payment-failed': { decline_code: string | null; portal: string | null }
  'subscription-not-changeable': { reason: 'payment-due' | 'ending' | 'paused' }
}

/** What whoever is refused is told, where the meaning is about fields and speaks to whoever reads them. */
const sentences: { [C in keyof MembersByCode]?: (members: MembersByCode[C]) => string } = {
  'weak-password': ({ reason, min_length }) => whyWeak[reason].replace('{least}', String(min_length)),
  'subscription-required': ({ reason, plan, required_plan }) =>
    `${whyNotSubscribed[reason].replace('{plan}', plan)} This takes the plan ${required_plan} or a higher one.`,
  'feature-not-in-plan': ({ feature, required_plan }) =>
    `This takes the feature ${feature}, which this account does not have.${openedBy(required_plan)}`,
  'seat-limit-reached': ({ limit, used, required_plan }) =>
    `All seats of this account are taken: ${used} of ${limit}.${openedBy(required_plan)}`,
  'limit-reached': ({ limit, used, resets_at, required_plan }) => {
    const anew = resets_at === null ? '' : ` It is counted anew from ${dayOf(resets_at)} on.`
    return `This is more than is left: ${used} of ${limit} are used.${openedBy(required_plan)}${anew}`
  },
  'email-verification-required': ({ grace_ended_at }) => {
    const ended =
      grace_ended_at === undefined ? '' : `, since the time for it ended on ${dayOf(grace_ended_at)}`
    return `This takes a verified e-mail address${ended}. Open the link in the mail, or ask for a new one.`
  },
  'subscription-not-changeable': ({ reason }) => whyNotChangeable[reason],
  'subscription-live': ({ accounts }) =>
    `The subscription of ${namesOf(accounts)} goes on, and would be charged for after closing.`,
  'second-factor-required': () => 'The first step was right. This takes your second factor too.',
  'last-second-factor': ({ accounts }) =>
    `It is your last second factor, and ${namesOf(accounts)} asks its members for one.`,
  'last-owner': ({ accounts }) => `Nobody would be left to own ${namesOf(accounts)}.`,
}

const whyWeak = {
  'too-short': 'It takes {least} characters at least.',
  'too-long': 'It is too long.',
  common: 'It is on a list of well-known passwords.',
  breached: 'It is on a list of stolen passwords.',
  'like-address': 'It is too like the address.',
}
const whyNotSubscribed: Record<SubscriptionReason, string> = {
  'trial-expired': 'The trial has ended.',
  canceled: 'The subscription has ended.',
  'past-due': 'A payment is overdue.',
  unpaid: 'The subscription is unpaid.',
  'never-subscribed': 'This account has no subscription.',
  'plan-too-low': 'This account is on the plan {plan}.',
}
const whyNotChangeable = {
  'payment-due': 'A payment is due.',
  ending: 'The subscription is set to end.',
  paused: 'The subscription is paused.',
}

const openedBy = (plan: string | null) => (plan === null ? '' : ` The lowest plan that allows it is ${plan}.`)
const dayOf = (instant: string) => instant.slice(0, 10)
const namesOf = (accounts: { name: string }[]) => accounts.map(({ name }) => name).join(', ')

export type ProblemMembers<C extends ProblemCode> = C extends keyof MembersByCode
  ? MembersByCode[C]
  : undefined

type Rest<C extends ProblemCode> = C extends keyof MembersByCode
  ? [members: MembersByCode[C], options?: ProblemOptions]
  : [members?: undefined, options?: ProblemOptions]

interface ProblemOptions {
  detail?: string
  retryAfterSeconds?: number
  headers?: Record<string, string>
}

/** A refusal with a stable code; thrown anywhere below a handler and rendered in one place. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly status: number
  readonly members: Record<string, unknown>
  readonly detail: string
  readonly headers: Record<string, string>

  constructor(code: ProblemCode, members: object | undefined, options: ProblemOptions = {}) {
    const { status, title } = problems[code]
    super(`${code}: ${title}`)
    this.name = 'Problem'
    this.code = code
    this.status = status
    this.members = { ...members }
    this.detail = options.detail ?? sentenceOf(code, this.members)
    this.headers = { ...options.headers }
    if (options.retryAfterSeconds !== undefined) {
      this.headers['retry-after'] = String(Math.max(1, Math.ceil(options.retryAfterSeconds)))
    }
  }
}

function sentenceOf(code: ProblemCode, members: Record<string, unknown>): string {
  const say = sentences[code as keyof MembersByCode] as ((known: typeof members) => string) | undefined
  return say ? say(members) : problems[code].meaning
}

/** Makes a Problem whose members are typed by its code. */
export function problem<C extends ProblemCode>(code: C, ...[members, options]: Rest<C>): Problem {
  return new Problem(code, members, options)
}
