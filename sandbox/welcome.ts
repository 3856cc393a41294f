import { relative } from 'node:path'
import type { Sandbox } from './startSandbox.ts'

/** What somebody is told who has started everything: where it is, and what to do first. */
export function welcome(sandbox: Omit<Sandbox, 'stop'>): string {
  const { serviceUrl, sandboxUrl, productUrl, logPath, off } = sandbox
  const product = `  Runbooks   ${productUrl}   a product that it guards\n\n`
  return `
Frontgate is running.

${productUrl ? product : ''}  Service    ${serviceUrl}   plans, sign-up, and the pages of accounts
  Operators  ${serviceUrl}/operator
  API docs   ${serviceUrl}/docs
  Sandbox    ${sandboxUrl}
  Mailbox    ${sandboxUrl}/mailbox
  Stripe     ${sandboxUrl}/stripe
${off.map((line) => `\n  Off        ${line}`).join('')}${off.length > 0 ? '\n' : ''}
${whatToTry(sandbox)}

Ctrl-C stops it and keeps the data; \`npm run sandbox:reset\` empties it.
The log of the service is ${relative(process.cwd(), logPath)}.`
}

function whatToTry({ serviceUrl, sandboxUrl, productUrl }: Omit<Sandbox, 'stop'>): string {
  return `Try first: open ${productUrl ?? serviceUrl}, sign up, and open the mail in the mailbox.
Then move the clock by 15 days at ${sandboxUrl}, which also has people
to sign in as with Google and Microsoft, makes you an operator, and has calls to try by hand.`
}
