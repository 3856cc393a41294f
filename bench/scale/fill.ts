import { OWNER } from '../../sandbox/postgres/appointOwner.ts'

/** Where the people of a size are found by their number; everything else is made from it. */
const PEOPLE = 'bench_people'

/**
 * Statements that give an empty, prepared database `users` people and all that comes to belong to them in two years. Of them
 * are, among others: a fifth who pay, a fifth who are members of a second account, a quarter who come by Google too.
 */
export function fillStatements(users: number, passwordHash: string): { what: string; sql: string }[] {
  const people = `${PEOPLE} p`
  const hash = `'${passwordHash}'`
  return [
    // What is made here refers to what is made here; checking that takes longer than making it.
    { what: 'beginning', sql: `set session_replication_role = replica; set role ${OWNER}` },
    {
      what: 'people',
      sql: `create unlogged table ${PEOPLE} as
        select n, uuidv7(at - now()) as user_id, uuidv7(at - now()) as account_id, uuidv7(at - now()) as session_id, at
        from generate_series(1, ${users}) n,
          lateral (select now() - interval '1 hour' - interval '700 days' * (1 - n / ${users}::float8) as at) t`,
    },
    { what: 'people', sql: `alter table ${PEOPLE} add primary key (n)` },
    {
      what: 'users',
      sql: `insert into users (id, email, email_verified_at, name, password_hash, created_at)
        select user_id, 'person-' || n || '@scale.example', at, 'Person ' || n, ${hash}, at from ${people}`,
    },
    {
      what: 'accounts',
      sql: `insert into accounts (id, name, created_at) select account_id, 'Account ' || n, at from ${people}`,
    },
    {
      what: 'members',
      sql: `insert into members (account_id, user_id, role, created_at)
        select account_id, user_id, 'owner', at from ${people}
        union all
        select q.account_id, p.user_id, 'member', p.at from ${people} join ${PEOPLE} q on q.n = p.n / 2 + 1
        where p.n % 5 = 0 and q.n <> p.n`,
    },
    {
      what: 'sessions',
      sql: `insert into sessions (id, user_id, account_id, method, ip, user_agent, created_at, rotated_at, idle_expires_at, expires_at, revoked_at, revoked_because)
        select session_id, user_id, account_id, 'password', '192.0.2.1'::inet, 'bench', now() - interval '1 day', now() - interval '1 day',
          now() + interval '13 days', now() + interval '29 days', null::timestamptz, null from ${people}
        union all
        select uuidv7(at - now()), user_id, account_id, 'password', '192.0.2.1', 'bench', at, at, at + interval '14 days', at + interval '30 days',
          at + interval '1 day', 'sign-out' from ${people}`,
    },
    {
      what: 'verification tokens',
      sql: `insert into email_verification_tokens (id, user_id, email, token_hash, starts_session, created_at, expires_at, used_at)
        select gen_random_uuid(), user_id, 'person-' || n || '@scale.example', sha256(user_id::text::bytea), true, at, at + interval '1 day', at
        from ${people}`,
    },
    {
      what: 'identities',
      sql: `insert into oauth_identities (id, user_id, provider, issuer, subject, email, is_vouched, made_user, created_at, last_used_at)
        select gen_random_uuid(), user_id, 'google', 'https://accounts.google.com', 'bench-' || n, null, true, false, at, at
        from ${people} where n % 4 = 0`,
    },
    {
      what: 'trials',
      sql: `insert into trials_taken (user_id, mailbox_hash, account_id, taken_at)
        select user_id, sha256(('person-' || n || '@scale.example')::bytea), account_id, at from ${people}`,
    },
    {
      what: 'grants',
      sql: `insert into grants (id, account_id, source, plan, from_at, until_at, reason, granted_by, created_at, stripe_subscription_id)
        select gen_random_uuid(), account_id, 'trial', 'pro', at, at + interval '14 days', 'bench', 'system', at, null from ${people}
        union all
        select gen_random_uuid(), account_id, 'complimentary', 'team', at, null, 'bench', 'system', at, null from ${people} where n % 50 = 0
        union all
        select gen_random_uuid(), account_id, 'stripe', 'pro', at, null, 'bench', 'system', at, 'sub_scale_' || n from ${people} where n % 5 = 1`,
    },
    {
      what: 'customers',
      sql: `insert into stripe_customers (id, account_id, stripe_customer_id, asked, created_at)
        select gen_random_uuid(), account_id, 'cus_scale_' || n, '{}', at from ${people} where n % 5 = 1`,
    },
    {
      what: 'subscriptions',
      sql: `insert into subscriptions (stripe_subscription_id, account_id, stripe_customer_id, status, plan, stripe_price_id, billing_interval, quantity,
          current_period_start, current_period_end, cancel_at_period_end, card, created_at, first_seen_at, is_shown, billing_anchor)
        select 'sub_scale_' || n, account_id, 'cus_scale_' || n, case when n % 100 = 1 then 'past_due' else 'active' end, 'pro', 'price_bench', 'month', 1,
          now() - interval '1 day' * (n % 30), now() + interval '1 day' * (30 - n % 30), false,
          jsonb_build_object('brand', 'visa', 'last4', '4242', 'expMonth', 1 + n % 12, 'expYear', extract(year from now()) + 1 + n % 4),
          at, at, true, at
        from ${people} where n % 5 = 1`,
    },
    {
      what: 'events',
      sql: `insert into stripe_events (id, type, shape, stripe_customer_id, status, payload, created_at, received_at, handled_at)
        select 'evt_scale_' || n || '_' || i, 'invoice.paid', 'snapshot', 'cus_scale_' || n, 'handled', '{}', received, received, received
        from ${people}, generate_series(1, 3) i, lateral (select now() - interval '1 day' * ((n * 7 + i * 29) % 89) as received) r where n % 5 = 1`,
    },
    {
      what: 'usage',
      sql: `insert into usage (account_id, name, period_start, used)
        select account_id, 'kb_conversions', date_trunc('month', now(), 'UTC') - interval '1 month' * i, 7
        from ${people}, generate_series(0, 1) i where n % 5 < 2`,
    },
    {
      what: 'usage keys',
      sql: `insert into usage_keys (account_id, idempotency_key, round, name, amount, period_start, state, at)
        select account_id, 'key-' || i, 1, 'kb_conversions', 1, date_trunc('month', now(), 'UTC'), 'consumed', now() - interval '1 day' * ((n + i * 31) % 89)
        from ${people}, generate_series(1, 3) i where n % 5 < 2`,
    },
    {
      what: 'onboarding',
      sql: `insert into account_onboarding (account_id, answers, skipped, updated_at)
        select account_id, '{"size": "10"}', '{invite}', at from ${people} where n % 3 = 0`,
    },
    {
      what: 'overrides',
      sql: `insert into account_features (account_id, name, value, reason, set_by, set_at)
        select account_id, 'scripts', true, 'bench', 'bench', at from ${people} where n % 50 = 3`,
    },
    {
      what: 'invites',
      sql: `insert into account_invites (id, account_id, email, role, token_hash, invited_by, created_at, sent_at, expires_at)
        select gen_random_uuid(), account_id, 'guest-' || n || '@scale.example', 'member', sha256(account_id::text::bytea), user_id, at, at, at + interval '7 days'
        from ${people} where n % 10 = 0`,
    },
    {
      what: 'the trail',
      sql: `insert into audit_log (id, at, action, actor_kind, actor_id, account_id, user_id, details, ip, user_agent, request_id)
        select uuidv7(p.at + later - now()), p.at + later, (array['user.registered', 'session.started', 'user.email-verified', 'session.ended', 'account.renamed'])[i],
          'user', user_id, account_id, user_id, '{}', '192.0.2.1', 'bench', 'bench-' || n
        from ${people}, generate_series(1, 5) i, lateral (select interval '1 minute' * i as later) l`,
    },
    {
      what: 'mails',
      sql: `insert into mail_log (id, template, user_id, account_id, once_key, status, created_at, settled_at)
        select uuidv7(p.at - now()), template, user_id, account_id, case when template = 'trial-ending' then template || ' ' || n end, 'sent', p.at, p.at
        from ${people}, unnest(array['verify-email', 'trial-ending']) template`,
    },
    {
      what: 'deliveries',
      sql: `with endpoint as (
          insert into webhook_endpoints (id, url, description, created_at, disabled_at, disabled_because)
          values (gen_random_uuid(), 'https://product.example/hook', 'bench', now(), now(), 'operator') returning id
        ), messages as (
          insert into webhook_messages (id, type, account_id, body, created_at)
          select 'msg_' || n, 'account.updated', account_id, '{}', now() - interval '1 day' * (n % 29) from ${people} where n % 2 = 0
          returning id, created_at
        )
        insert into webhook_deliveries (id, message_id, endpoint_id, state, attempts, created_at, delivered_at)
        select gen_random_uuid(), m.id, e.id, 'delivered', 1, m.created_at, m.created_at from messages m, endpoint e`,
    },
    {
      what: 'what endpoints were told',
      sql: `insert into webhook_told (account_id, version, name, members, entitlements)
        select account_id, 1, 'Account ' || n, '[]', '{}' from ${people}`,
    },
    {
      what: 'leads',
      sql: `insert into sales_leads (id, created_at, email, name, company, attribution)
        select gen_random_uuid(), at, 'lead-' || n || '@scale.example', 'Lead', 'Company', '{}' from ${people} where n % 100 = 0`,
    },
    { what: 'ending', sql: 'reset role; set session_replication_role = origin' },
  ]
}

/** People of a filled database, evenly from the first to the last: accounts of the oldest are in it and of the newest. */
export const samplePeople = `
  select p.n, u.email, p.user_id, p.account_id, p.session_id
  from ${PEOPLE} p join users u on u.id = p.user_id
  where p.n in (select 1 + (i * (select count(*) from ${PEOPLE}) / $1::bigint) from generate_series(0, $1::bigint - 1) i)`
