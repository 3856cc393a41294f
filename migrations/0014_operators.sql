-- What operators look at: figures by periods, and all that happened to an account in one list.

create index accounts_created on accounts (created_at);
create index grants_trial_start on grants (from_at) where source = 'trial';
create index subscriptions_created on subscriptions (created_at);
create index subscriptions_ended on subscriptions (ended_at) where ended_at is not null;

-- In the order of the list, which takes the newest of each kind; the former index began with the same column.
create index mail_log_account_newest on mail_log (account_id, created_at desc, id desc) where account_id is not null;
drop index mail_log_account;
create index mail_log_user_newest on mail_log (user_id, created_at desc, id desc) where account_id is null;
