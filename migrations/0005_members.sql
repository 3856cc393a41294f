-- Members: an account's list of them is read page by page.

create index members_account_id on members (account_id, created_at desc, user_id desc);
