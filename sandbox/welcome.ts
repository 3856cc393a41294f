import { relative } from 'node:path'
import type { Sandbox } from './startSandbox.ts'

/** What somebody is told who has started everything: where it is, and what to do first. */
export function welcome(sandbox: Omit<Sandbox, 'stop'>): string {
  const { serviceUrl, sandboxUrl, productUrl, logPath, off } = sandbox
  const product = `  Runbooks   ${productUrl}   a product that it guards\n\n`
  return `
Frontgate is running.

${productUrl ? product : ''}  Service    ${serviceUrl}
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
  if (productUrl) {
    return `Try first: open ${productUrl}, sign up, and open the mail in the mailbox.
Then move the clock by 15 days at ${sandboxUrl}, which also has people
to sign in as with Google and Microsoft, and calls to try by hand.`
  }
  const person = `{"email":"ada@example.com","password":"seven green teapots sing"}`
  return `Try first:

  curl -s ${serviceUrl}/v1/auth/register -H 'content-type: application/json' \\
    -d '${person}'

then open the mail in the mailbox and move the clock at ${sandboxUrl}, which also has
people to sign in as with Google and Microsoft.`
}
