import type { TestApp } from './testApp.ts'

/** The token of the newest link to a page that was mailed to an address; mails that go out together arrive in any order. */
export async function tokenFor(
  t: TestApp,
  page:
    | '/verify-email'
    | '/reset-password'
    | '/set-password'
    | '/confirm-email-change'
    | '/undo-email-change'
    | '/accept-invite'
    | '/operator/sign-in',
  email: string,
): Promise<string> {
  const links = (await t.mailsTo(email)).flatMap((mail) => mail.links).map((link) => new URL(link))
  const token = links.find(({ pathname }) => pathname === page)?.searchParams.get('token')
  if (!token) throw new Error(`No mail to ${email} leads to ${page}`)
  return token
}
