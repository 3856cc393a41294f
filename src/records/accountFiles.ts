import { sql } from 'kysely'
import type { ExportFile, LeftOut } from './exportFiles.ts'

/** Everything about an account, for its owners: they may know who is in it, not from where people sign in. */
export const accountFiles: ExportFile[] = [
  {
    file: 'account',
    about: 'The account itself.',
    tables: ['accounts'],
    rows: (id) => sql`select id, name, named_at, created_at, closed_at from accounts where id = ${id}`,
  },
  {
    file: 'imported_from',
    about: 'What the account, its members and its customer were called where they were brought in from.',
    tables: ['imported'],
    rows: (id) => sql`
      select kind, external_id, user_id, imported_at from imported where account_id = ${id} order by kind, external_id`,
  },
  {
    file: 'members',
    about: 'Who is in it, and with what role.',
    tables: ['members'],
    rows: (id) => sql`
      select m.user_id, u.email, u.name, m.role, m.created_at as joined_at
      from members m join users u on u.id = m.user_id
      where m.account_id = ${id} order by m.created_at, m.user_id`,
  },
  {
    file: 'invites',
    about: 'Who was invited, by whom, and what became of it.',
    tables: ['account_invites'],
    rows: (id) => sql`
      select id, email, role, invited_by, created_at, sent_at, expires_at, accepted_at, accepted_by, revoked_at, revoked_by
      from account_invites where account_id = ${id} order by created_at, id`,
  },
  {
    file: 'grants',
    about: 'Why the account was on which plan, from when and until when.',
    tables: ['grants'],
    rows: (id) => sql`
      select id, source, plan, from_at as "from", until_at as until, reason, stripe_subscription_id, created_at, ended_at,
        end_reason
      from grants where account_id = ${id} order by created_at, id`,
  },
  {
    file: 'stripe_customers',
    about: 'What the account is called at Stripe, where invoices and payments are.',
    tables: ['stripe_customers'],
    rows: (id) => sql`
      select stripe_customer_id, created_at, deleted_at
      from stripe_customers where account_id = ${id} order by created_at, id`,
  },
  {
    file: 'subscriptions',
    about: 'Subscriptions as Stripe last told of them. `status` is Stripe’s word.',
    tables: ['subscriptions'],
    rows: (id) => sql`
      select stripe_subscription_id, stripe_customer_id, status, plan, stripe_price_id, billing_interval as "interval",
        quantity, current_period_start, current_period_end, trial_end, cancel_at_period_end, cancel_at, canceled_at,
        ended_at, past_due_since, scheduled, card, checkout_id, created_at
      from subscriptions where account_id = ${id} order by created_at, stripe_subscription_id`,
  },
  {
    file: 'checkout_sessions',
    about: 'Checkouts that were opened at Stripe, and what was to be bought.',
    tables: ['checkout_sessions'],
    rows: (id) => sql`
      select id, stripe_session_id, wish, status, created_at, expires_at
      from checkout_sessions where account_id = ${id} order by created_at, id`,
  },
  {
    file: 'subscription_changes',
    about: 'Changes of subscriptions that members asked for, and what came of them.',
    tables: ['stripe_operations'],
    rows: (id) => sql`
      select id, kind, wish, created_at, finished_at, outcome
      from stripe_operations where account_id = ${id} order by created_at, id`,
  },
  {
    file: 'usage',
    about: 'What was used of each limit, by period.',
    tables: ['usage'],
    rows: (id) => sql`
      select name, period_start, used from usage where account_id = ${id} order by name, period_start`,
  },
  {
    file: 'feature_overrides',
    about: 'Features that were switched for this account alone.',
    tables: ['account_features'],
    rows: (id) => sql`
      select name, value, until_at as until, reason, set_at from account_features where account_id = ${id} order by name`,
  },
  {
    file: 'limit_overrides',
    about: 'Limits that were set for this account alone; no amount is no limit.',
    tables: ['account_limits'],
    rows: (id) => sql`
      select name, amount, until_at as until, reason, set_at from account_limits where account_id = ${id} order by name`,
  },
  {
    file: 'usage_keys',
    about:
      'What the product counted as used, and whether it was given back or refused; kept for ninety days.',
    tables: ['usage_keys'],
    rows: (id) => sql`
      select idempotency_key, name as "limit", amount, period_start, state, at
      from usage_keys where account_id = ${id} order by at, idempotency_key, round`,
  },
  {
    file: 'onboarding',
    about: 'What the account answered when it was new, and what it put off.',
    tables: ['account_onboarding'],
    rows: (id) => sql`
      select answers, skipped, updated_at from account_onboarding where account_id = ${id}`,
  },
  {
    file: 'mails',
    about: 'Mails that were sent about the account: which, when, and to which user. Their text is not kept.',
    tables: ['mail_log'],
    rows: (id) => sql`
      select id, template, user_id, status, created_at, settled_at
      from mail_log where account_id = ${id} order by created_at, id`,
  },
  {
    file: 'activity',
    about:
      'What the audit trail says of the account. From where members came is in their own exports; that staff looked at it is left out.',
    tables: ['audit_log'],
    rows: (id) => sql`
      select id, at, action, actor_kind, case when actor_kind = 'user' then actor_id end as by_user_id, user_id, details
      from audit_log where account_id = ${id} and action not like 'operator.%' order by at, id`,
  },
]

/** What an account’s export says that it leaves out. */
export const leftOutOfAccounts: LeftOut = {
  second_factor_challenges: 'sign-ins of users that wait for their second step; forgotten a day later',
  sessions: 'from where members sign in is theirs: in their own exports',
  superseded_invite_tokens: 'hashes of links that open nothing any more',
  trials_taken: 'who has had a trial is theirs; the trial itself is among the grants',
  stripe_events: 'what Stripe sent, kept until it was looked up; what came of it is in subscriptions',
  webhook_told: 'what endpoints of the product were last told; all of it is in the other files',
  webhook_messages: 'what they were told in the last thirty days; the same',
  drift: 'where our copy of Stripe lagged behind; what is right is in subscriptions',
}
