import { sql } from 'kysely'
import type { ExportFile, LeftOut } from './exportFiles.ts'

/** Everything about a user. Others are ids, and the names of accounts. */
export const userFiles: ExportFile[] = [
  {
    file: 'profile',
    about: 'Who you are here.',
    tables: ['users'],
    rows: (id) => sql`
      select id, email, email_verified_at, name, password_hash is not null as has_password, created_at
      from users where id = ${id}`,
  },
  {
    file: 'sign_in_identities',
    about: 'Accounts at Google and Microsoft that you sign in with, with the address that they had last.',
    tables: ['oauth_identities'],
    rows: (id) => sql`
      select id, provider, issuer, subject, email, created_at, last_used_at
      from oauth_identities where user_id = ${id} order by created_at, id`,
  },
  {
    file: 'imported_from',
    about: 'What you, and you as a member of an account, were called where you were brought in from.',
    tables: ['imported'],
    rows: (id) => sql`
      select kind, external_id, account_id, imported_at from imported where user_id = ${id} order by kind, external_id`,
  },
  {
    file: 'sessions',
    about: 'Devices that signed in as you: from where, when, and until when.',
    tables: ['sessions'],
    rows: (id) => sql`
      select id, account_id, method, host(ip) as ip, user_agent, created_at, rotated_at as last_used_at,
        factor as second_factor, factor_proved_at as second_factor_proved_at,
        idle_expires_at, expires_at, revoked_at as ended_at, revoked_because as ended_because
      from sessions where user_id = ${id} order by created_at, id`,
  },
  {
    file: 'second_factors',
    about: 'What you prove who you are with beside the first step. The secrets themselves are not in it.',
    tables: ['factor_totp', 'factor_passkeys', 'factor_recovery_codes'],
    rows: (id) => sql`
      select 'totp' as kind, id, null as name, confirmed_at as created_at, null as last_used_at
      from factor_totp where user_id = ${id} and confirmed_at is not null
      union all
      select 'passkey', id, name, created_at, last_used_at from factor_passkeys where user_id = ${id}
      union all
      select 'recovery-code', id, null, made_at, used_at from factor_recovery_codes where user_id = ${id}
      order by created_at, id`,
  },
  {
    file: 'memberships',
    about: 'Accounts that you are a member of.',
    tables: ['members', 'accounts'],
    rows: (id) => sql`
      select m.account_id, a.name as account_name, m.role, m.created_at as joined_at, a.closed_at
      from members m join accounts a on a.id = m.account_id
      where m.user_id = ${id} order by m.created_at, m.account_id`,
  },
  {
    file: 'invites_to_you',
    about:
      'Invites to your address, once you have proved that it is yours, and those that you have accepted.',
    tables: ['account_invites'],
    rows: (id) => sql`
      select i.id, i.account_id, a.name as account_name, i.email, i.role, i.created_at, i.sent_at, i.expires_at,
        i.accepted_at, i.revoked_at
      from account_invites i join accounts a on a.id = i.account_id
      where i.id in (
        select id from account_invites where accepted_by = ${id}
        union select p.id from account_invites p join users u on u.email = p.email
        where u.id = ${id} and u.email_verified_at is not null)
      order by i.created_at, i.id`,
  },
  {
    file: 'invites_by_you',
    about: 'Invites that you have sent. Whom you have invited is in the export of the account.',
    tables: ['account_invites'],
    rows: (id) => sql`
      select id, account_id, role, created_at, sent_at, expires_at, accepted_at, revoked_at
      from account_invites where invited_by = ${id} order by created_at, id`,
  },
  {
    file: 'address_changes',
    about: 'Changes of your address, also those that came to nothing.',
    tables: ['email_changes'],
    rows: (id) => sql`
      select id, old_email, new_email, created_at, expires_at, old_confirmed_at, new_confirmed_at, changed_at,
        undo_until, ended_at, ended_because
      from email_changes where user_id = ${id} order by created_at, id`,
  },
  {
    file: 'verification_links',
    about: 'Links that were mailed to you to verify an address.',
    tables: ['email_verification_tokens'],
    rows: (id) => sql`
      select id, email, created_at, expires_at, used_at, superseded_at
      from email_verification_tokens where user_id = ${id} order by created_at, id`,
  },
  {
    file: 'password_links',
    about: 'Links that were mailed to you to choose a password.',
    tables: ['password_reset_tokens'],
    rows: (id) => sql`
      select id, purpose, created_at, expires_at, used_at, superseded_at
      from password_reset_tokens where user_id = ${id} order by created_at, id`,
  },
  {
    file: 'mails',
    about: 'Mails that were sent to you: which, and when. Their text is not kept.',
    tables: ['mail_log'],
    rows: (id) => sql`
      select id, template, account_id, status, created_at, settled_at
      from mail_log where user_id = ${id} order by created_at, id`,
  },
  {
    file: 'sales_leads',
    about: 'What was written to sales with your address, once you have proved that it is yours.',
    tables: ['sales_leads'],
    rows: (id) => sql`
      select l.id, l.created_at, l.email, l.name, l.company, l.company_size, l.plan, l.message, l.source, l.attribution
      from sales_leads l join users u on u.email = l.email
      where u.id = ${id} and u.email_verified_at is not null order by l.created_at, l.id`,
  },
  {
    file: 'trial',
    about: 'The free trial that you have had.',
    tables: ['trials_taken'],
    rows: (id) => sql`
      select account_id, taken_at, mailbox_hash is not null as is_bound_to_your_address
      from trials_taken where user_id = ${id}`,
  },
  {
    file: 'activity_about_you',
    about:
      'What the audit trail says of you. Address and device are there where it was you, or somebody who was not signed in.',
    tables: ['audit_log'],
    rows: (id) => sql`
      select id, at, action, actor_kind, actor_id is not distinct from ${id}::uuid as is_by_you, account_id, details,
        case when actor_kind = 'anyone' or actor_id = ${id} then host(ip) end as ip,
        case when actor_kind = 'anyone' or actor_id = ${id} then user_agent end as user_agent
      from audit_log where user_id = ${id} order by at, id`,
  },
  {
    file: 'activity_by_you',
    about: 'What the audit trail says that you have done to accounts and to others.',
    tables: ['audit_log'],
    rows: (id) => sql`
      select id, at, action, account_id, user_id, details, host(ip) as ip, user_agent
      from audit_log
      where actor_kind = 'user' and actor_id = ${id} and actor_id is distinct from user_id order by at, id`,
  },
]

/** What a user’s export says that it leaves out. */
export const leftOutOfUsers: LeftOut = {
  oauth_flows: 'ways to Google or Microsoft that are under way; forgotten a day later',
  second_factor_challenges: 'sign-ins that wait for their second step; forgotten a day later',
  factor_passkey_challenges: 'questions to a passkey that are not answered yet; good for ten minutes',
  grants: 'of accounts, given by staff or by the program: in the export of the account',
  account_features: 'of accounts, set by staff: in the export of the account',
  account_limits: 'of accounts, set by staff: in the export of the account',
  operators: 'staff, who are no users here',
  operator_sessions: 'of staff, who are no users',
  product_keys: 'of the product, made by staff',
  self_serve_openings: 'for whom sign-up is open, set by staff',
}
