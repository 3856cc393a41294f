/** What a mail says, before it is laid out. */
export interface MailWords {
  subject: string
  preview: string
  paragraphs: string[]
  /** The label of the button; the mail's link is behind it. */
  button?: string
  /** Small print under the button. */
  footnote?: string
}

/** What each template is told, beside `product`, the name in the settings. */
export interface TemplateFill {
  verification: { hours: number }
  'start-session': { hours: number }
  'already-registered': object
  /** `providers` are what somebody signs in with who has no password yet; empty for all others. */
  'password-reset': { minutes: number; providers: string }
  'sign-in-with-provider': { providers: string }
  'first-password': { minutes: number }
  /** `unlinked` are the providers that were taken off with it, if there were any. */
  'password-changed': { isFirst: boolean; unlinked: string }
  /** `isAlone` where the old mailbox is not asked. */
  'confirm-new-email': { hours: number; isAlone: boolean }
  'confirm-old-email': { hours: number; newEmail: string }
  'email-changed': { newEmail: string; days: number }
  'email-removed': object
  'email-restored': object
  'email-change-undone': object
  'new-sign-in': { device: string; when: string }
  'session-reused': { device: string; when: string }
  'identity-linked': { provider: string }
  'identity-unlinked': { provider: string }
  'address-taken-over': { provider: string }
  /** `factor` is such as `a passkey`. */
  'factor-added': { factor: string; isFirst: boolean }
  'factor-removed': { factor: string; isLast: boolean }
  'factors-reset': object
  'recovery-codes-made': object
  'recovery-code-used': { left: number; device: string; when: string }
  'second-factor-refused': { isLocked: boolean; device: string; when: string }
  'account-closed': { account: string; until: string }
  'user-deleted': { days: number }
  invite: { account: string; inviter: string; role: string; days: number }
  'operator-sign-in': { minutes: number }
  'operator-factors-changed': { change: 'added' | 'removed' | 'reset' }
  'member-removed': { account: string }
  'ownership-received': { account: string }
  /** To sales. `lines` are what somebody wrote, line by line, `facts` what else is known. */
  'sales-lead': { name: string; company: string; email: string; lines: string[]; facts: string[] }
  'trial-ending': { plan: string; account: string; days: number; until: string }
  'trial-becomes-paid': { plan: string; days: number; until: string }
  'payment-failed': { plan: string }
  'payment-confirmation': object
  'payment-recovered': { plan: string }
  'card-expiring': { brand: string; last4: string; month: string }
  'second-subscription-refunded': { plan: string; refunded: boolean }
}

export type TemplateName = keyof TemplateFill

type Template<T extends TemplateName> = (fill: TemplateFill[T] & { product: string }) => MailWords

const factorChanges = {
  added: {
    title: 'added to',
    says: 'Something was added to what you sign in with as an operator, after the mailed link.',
  },
  removed: {
    title: 'changed',
    says: 'Something was taken away of what you sign in with as an operator, after the mailed link.',
  },
  reset: {
    title: 'reset',
    says: 'Your second factor was taken away by an admin, and your sessions were ended. The next time you sign in you set up another one.',
  },
}

/** Every mail that is sent, in the words that reach people. */
export const templates: { [T in TemplateName]: Template<T> } = {
  verification: ({ product, hours }) => ({
    subject: `Verify your address for ${product}`,
    preview: 'One click and you are set.',
    paragraphs: [
      `Welcome to ${product}. Please confirm that this mailbox is yours, so that nobody else can use your address.`,
    ],
    button: 'Verify my address',
    footnote: `The link works once and for ${hours} hours. If you did not sign up, say so there, and your address is free again; or ignore this mail, and it stays unconfirmed.`,
  }),
  'start-session': ({ product, hours }) => ({
    subject: `Finish signing up for ${product}`,
    preview: 'One click confirms your address and signs you in.',
    paragraphs: [`Welcome to ${product}. The button confirms that this mailbox is yours and signs you in.`],
    button: 'Confirm and sign in',
    footnote: `The link works once and for ${hours} hours. If you did not sign up, say so there, or ignore this mail.`,
  }),
  'already-registered': ({ product }) => ({
    subject: `You already have a ${product} account`,
    preview: 'Someone tried to sign up with your address.',
    paragraphs: [
      `Someone, perhaps you, tried to sign up for ${product} with this address. You are registered already, so nothing was changed.`,
      'Sign in as usual, or ask for a new password there.',
    ],
    button: 'Sign in',
    footnote: 'If this was not you, there is nothing to do.',
  }),
  'password-reset': ({ product, minutes, providers }) => ({
    subject: `Choose a new ${product} password`,
    preview: 'The link works once.',
    paragraphs: [
      `Someone, hopefully you, asked for a new password for ${product}.`,
      ...(providers
        ? [
            `So far this address signs in with ${providers} and has no password. If that is you, you need none: sign in that way. If somebody else did that with your address, choose a password here: what they linked is removed.`,
          ]
        : []),
    ],
    button: 'Choose a new password',
    footnote: `The link works once and for ${minutes} minutes, and choosing a password ends all sessions. If you did not ask, ignore this mail: nothing changes.`,
  }),
  'sign-in-with-provider': ({ product, providers }) => ({
    subject: `You sign in to ${product} with ${providers}`,
    preview: 'There is no password to reset.',
    paragraphs: [
      `Someone, hopefully you, asked for a new password for ${product}. You have none: you sign in with ${providers}.`,
      'If you want a password too, sign in first and ask for one there.',
    ],
    button: 'Sign in',
    footnote: 'If you did not ask, ignore this mail: nothing was changed.',
  }),
  'first-password': ({ product, minutes }) => ({
    subject: `Choose a password for ${product}`,
    preview: 'The link works once, where you are signed in.',
    paragraphs: [`You asked for a password for ${product}, beside the way in which you sign in now.`],
    button: 'Choose a password',
    footnote: `The link works once and for ${minutes} minutes, in a browser that is signed in as you. If you did not ask, ignore this mail: nothing changes.`,
  }),
  'password-changed': ({ product, isFirst, unlinked }) => ({
    subject: isFirst ? `You have a ${product} password now` : `Your ${product} password was changed`,
    preview: 'All other sessions have been ended.',
    paragraphs: [
      `Your password for ${product} has just been ${isFirst ? 'set' : 'changed'}, and all other sessions were ended.`,
      ...(unlinked
        ? [
            `Signing in with ${unlinked} was taken off, since it was linked before this mailbox was known to be yours. If it is yours, link it again.`,
          ]
        : []),
      'If this was not you, ask for a reset link at once: it goes to this mailbox and ends the intruder’s session.',
    ],
    button: 'This was not me',
  }),
  'confirm-new-email': ({ product, hours, isAlone }) => ({
    subject: `Confirm your new address for ${product}`,
    preview: 'It holds once it is confirmed.',
    paragraphs: [
      `Someone, hopefully you, wants to sign in to ${product} with this address from now on.`,
      ...(isAlone ? [] : ['The mailbox of the address until now is asked too: the change takes both.']),
    ],
    button: 'Look at the change',
    footnote: `The link works for ${hours} hours. If you know nothing of this, say so there or ignore this mail: nothing changes.`,
  }),
  'confirm-old-email': ({ product, hours, newEmail }) => ({
    subject: `Your ${product} address is about to change`,
    preview: 'Agree, or call it off.',
    paragraphs: [
      `Someone who is signed in to ${product} as you, hopefully you, asked to change your address from this one to ${newEmail}.`,
      'It changes once both mailboxes have agreed. If this was not you, call it off and choose a new password.',
    ],
    button: 'Look at the change',
    footnote: `The link works for ${hours} hours. Without the click your address stays as it is.`,
  }),
  'email-changed': ({ product, newEmail, days }) => ({
    subject: `Your ${product} address was changed`,
    preview: 'You can take it back.',
    paragraphs: [
      `You sign in to ${product} with ${newEmail} from now on, and mails go there.`,
      `If this was not you, take it back within ${days} days: this address holds again, and all sessions end.`,
    ],
    button: 'This was not me',
    footnote: `The link works once and for ${days} days. If it was you, there is nothing to do.`,
  }),
  'email-removed': ({ product }) => ({
    subject: `This address was taken off ${product}`,
    preview: 'There is nothing to do.',
    paragraphs: [
      `Someone had signed up for ${product} with this address, which was never confirmed, and now uses another one.`,
      'There is nothing to do.',
    ],
  }),
  'email-restored': ({ product }) => ({
    subject: `Your ${product} address is this one again`,
    preview: 'All sessions have been ended.',
    paragraphs: [
      `The change of your ${product} address was taken back, all sessions were ended, and Google or Microsoft accounts that were linked since then were unlinked.`,
      'Your password was left as it is. If somebody else may know it, choose a new one now.',
    ],
    button: 'Choose a new password',
  }),
  'email-change-undone': ({ product }) => ({
    subject: `The change of your ${product} address was taken back`,
    preview: 'This address is no longer used.',
    paragraphs: [
      `The change of address for ${product} was taken back from the mailbox that was used before. This address is no longer used to sign in, and all sessions were ended.`,
    ],
  }),
  'new-sign-in': ({ product, device, when }) => ({
    subject: `New sign-in to ${product}`,
    preview: `From ${device}`,
    paragraphs: [
      `Your ${product} account was signed in to from a device we have not seen before: ${device}, ${when}.`,
      'If this was you, there is nothing to do.',
    ],
    button: 'This was not me',
  }),
  'session-reused': ({ product, device, when }) => ({
    subject: `We ended one of your ${product} sessions`,
    preview: 'Its key was used twice.',
    paragraphs: [
      `The key of one of your sessions was used a second time: ${device}, ${when}. That happens when it was copied, so we ended the session.`,
      'Sign in again to go on. If you suspect that somebody else has access, choose a new password too.',
    ],
    button: 'Sign in',
  }),
  'identity-linked': ({ product, provider }) => ({
    subject: `${provider} now opens your ${product} account`,
    preview: `You can sign in with ${provider} from now on.`,
    paragraphs: [
      `A ${provider} account was linked to your ${product} account: whoever holds it can sign in as you.`,
      'If this was not you, unlink it in your account, choose a new password, and all other sessions end.',
    ],
    button: 'Look at my account',
  }),
  'identity-unlinked': ({ product, provider }) => ({
    subject: `${provider} no longer opens your ${product} account`,
    preview: `Signing in with ${provider} was removed.`,
    paragraphs: [
      `A ${provider} account was unlinked from your ${product} account, and all other sessions were ended.`,
      'If this was not you, sign out everywhere in your account, and choose a new password.',
    ],
    button: 'Look at my account',
  }),
  'address-taken-over': ({ product, provider }) => ({
    subject: `Your address is yours again at ${product}`,
    preview: 'What somebody had made with it is closed.',
    paragraphs: [
      `You have signed in to ${product} with ${provider}. Somebody had registered with your address before and never proved that it is theirs, so their password and sessions no longer work.`,
      'There is nothing to do. If you registered yourself, your way in is the one you have just used.',
    ],
    button: 'Look at my account',
  }),
  'factor-added': ({ product, factor, isFirst }) => ({
    subject: `${capital(factor)} now protects your ${product} account`,
    preview: isFirst ? 'Signing in takes it too from now on.' : 'You can sign in with it from now on.',
    paragraphs: [
      isFirst
        ? `${capital(factor)} was added to your ${product} account. From now on signing in takes a second factor, and all other sessions were ended.`
        : `${capital(factor)} was added to your ${product} account. It is as good for signing in as the factors that you have.`,
      'If this was not you, remove it in your account, and choose a new password.',
    ],
    button: 'Look at my account',
  }),
  'factor-removed': ({ product, factor, isLast }) => ({
    subject: `${capital(factor)} no longer protects your ${product} account`,
    preview: isLast ? 'Signing in takes no second factor any more.' : 'Your other factors stay.',
    paragraphs: [
      isLast
        ? `${capital(factor)} was removed from your ${product} account. It was the last second factor, so signing in takes none any more.`
        : `${capital(factor)} was removed from your ${product} account. Signing in takes one of your other factors.`,
      'If this was not you, sign out everywhere in your account, and choose a new password.',
    ],
    button: 'Look at my account',
  }),
  'factors-reset': ({ product }) => ({
    subject: `Your second factors at ${product} were removed`,
    preview: 'Signing in takes none, until you add one.',
    paragraphs: [
      `The people who run ${product} have removed the second factors of your account, since somebody, hopefully you, could not use them any more. All sessions were ended.`,
      'Sign in and add a new one. If you did not ask for this, choose a new password and write to them.',
    ],
    button: 'Sign in',
  }),
  'recovery-codes-made': ({ product }) => ({
    subject: `You have new recovery codes for ${product}`,
    preview: 'Those before no longer work.',
    paragraphs: [
      `New recovery codes were made for your ${product} account. Those before no longer work.`,
      'If this was not you, sign out everywhere in your account, and choose a new password.',
    ],
    button: 'Look at my account',
  }),
  'recovery-code-used': ({ product, left, device, when }) => ({
    subject: `A recovery code was used for ${product}`,
    preview: `${left} ${left === 1 ? 'code is' : 'codes are'} left.`,
    paragraphs: [
      `One of your recovery codes was used in place of your second factor: ${device}, ${when}. ${left} ${left === 1 ? 'is' : 'are'} left.`,
      'If you have lost your factor, add another one and make new codes. If this was not you, choose a new password and make new codes at once.',
    ],
    button: 'Look at my account',
  }),
  'second-factor-refused': ({ product, isLocked, device, when }) => ({
    subject: isLocked
      ? `Somebody knows your ${product} password`
      : `A sign-in to ${product} stopped at your second factor`,
    preview: 'They did not get past your second factor.',
    paragraphs: [
      `Somebody has taken the first step of signing in to ${product} as you, and then failed to prove your second factor${isLocked ? ' many times' : ''}: ${device}, ${when}. They did not get in${isLocked ? ', and may not try again for a while' : ''}.`,
      'If this was not you, choose a new password.',
    ],
    button: 'Look at my account',
  }),
  'account-closed': ({ product, account, until }) => ({
    subject: `${account} was closed on ${product}`,
    preview: `It can be reopened until ${until}.`,
    paragraphs: [
      `An owner has closed ${account} on ${product}. Nobody can use it any more, and nothing is deleted yet.`,
      `Until ${until} every owner can reopen it as it was: sign in, and choose to reopen it. After that it is deleted for good.`,
    ],
    button: 'Look at my account',
    footnote: 'If this is what you wanted, there is nothing to do.',
  }),
  'user-deleted': ({ product, days }) => ({
    subject: `You were deleted from ${product}`,
    preview: 'This is our last mail to you.',
    paragraphs: [
      `Somebody who was signed in to ${product} with this address, hopefully you, asked to delete it. It opens nothing any more, and is free to be used again.`,
      `Accounts that nobody else is in are closed, and deleted for good in ${days} ${days === 1 ? 'day' : 'days'}. So is what still names you, such as the devices that you signed in from.`,
      `This cannot be undone from here. If it was not you, write to the people who run ${product} before that: they can reopen what was closed.`,
    ],
  }),
  invite: ({ product, account, inviter, role, days }) => ({
    subject: `${inviter} invites you to ${account} on ${product}`,
    preview: `Join ${account} as ${role}.`,
    paragraphs: [
      `${inviter} invites you to ${account} on ${product}, with the role ${role}.`,
      'The button shows the invite and lets you choose how to sign in.',
    ],
    button: 'Look at the invite',
    footnote: `The link works once and for ${days} days, for this address only. If you do not know who this is, ignore this mail: nothing happens without you.`,
  }),
  'operator-sign-in': ({ product, minutes }) => ({
    subject: `Sign in as an operator of ${product}`,
    preview: 'The link works once.',
    paragraphs: [
      `Someone, hopefully you, wants to sign in as an operator of ${product}. Operators may see and change every account, so do not pass this mail on.`,
    ],
    button: 'Sign in',
    footnote: `The link works once and for ${minutes} minutes. If you did not ask, ignore this mail: nobody is signed in by it.`,
  }),
  'operator-factors-changed': ({ product, change }) => ({
    subject: `Your second factor as an operator of ${product} was ${factorChanges[change].title}`,
    preview: 'If this was not you, tell an admin at once.',
    paragraphs: [
      factorChanges[change].says,
      'If you know nothing of this, tell an admin among the operators at once: they can end your sessions.',
    ],
    button: 'Look at my security',
  }),
  'member-removed': ({ product, account }) => ({
    subject: `You are no longer a member of ${account} on ${product}`,
    preview: 'Somebody there has taken you out.',
    paragraphs: [
      `You were taken out of ${account} on ${product}, so what is in that account is closed to you from now on. Your sign-in and your other accounts stay as they are.`,
      `If you think that this is a mistake, ask whoever runs ${account} to invite you again.`,
    ],
  }),
  'ownership-received': ({ product, account }) => ({
    subject: `You are an owner of ${account} on ${product} now`,
    preview: 'It was handed over to you.',
    paragraphs: [
      `${account} on ${product} was handed over to you: you decide about its plan, its payments and its members now, and may close it.`,
      'If you do not want that, hand it over to another member.',
    ],
    button: 'Look at my account',
  }),
  'sales-lead': ({ product, name, company, email, lines, facts }) => ({
    subject: `${company} wants to talk about ${product}`,
    preview: `${name}, ${email}`,
    paragraphs: [
      `${name} of ${company} (${email}) wants to talk about ${product}.`,
      ...(lines.length > 0 ? ['They wrote:', ...lines.map((line) => `> ${line}`)] : []),
      ...facts,
    ],
    footnote: `Answer this mail and it goes to them. Nobody has proved that the address is theirs.`,
  }),
  'trial-ending': ({ product, plan, account, days, until }) => ({
    subject: `Your ${product} trial ends ${days === 1 ? 'tomorrow' : `in ${days} days`}`,
    preview: `${account} is on ${plan} until ${until}.`,
    paragraphs: [
      `${account} is trying ${plan} until ${until}. After that the account stays and nothing is deleted, but what belongs to ${plan} closes.`,
      'Choose a plan to keep it open.',
    ],
    button: 'Choose a plan',
  }),
  'trial-becomes-paid': ({ product, plan, days, until }) => ({
    subject: `Your ${plan} plan begins ${days === 1 ? 'tomorrow' : `in ${days} days`}`,
    preview: `The first payment is taken on ${until}.`,
    paragraphs: [
      `Your trial of ${product} ends on ${until}. You have chosen ${plan} already, so nothing closes, and the first payment is taken then.`,
      'If you do not want to go on, cancel before that and you pay nothing.',
    ],
    button: 'See plan and billing',
  }),
  'payment-failed': ({ product, plan }) => ({
    subject: `Your ${product} payment did not go through`,
    preview: 'Everything stays open for now.',
    paragraphs: [
      `The payment for ${plan} was declined. Nothing closes yet: we try again over the next days.`,
      'Please check the payment method, so that your team can keep working.',
    ],
    button: 'Update the payment method',
  }),
  'payment-confirmation': ({ product }) => ({
    subject: `Confirm your ${product} payment`,
    preview: 'Your bank asks for a confirmation.',
    paragraphs: [
      `Your bank wants you to confirm the payment for ${product} yourself. Until then it is not made.`,
      'It takes a minute.',
    ],
    button: 'Confirm the payment',
  }),
  'payment-recovered': ({ product, plan }) => ({
    subject: `Your ${product} payment went through`,
    preview: 'All is well again.',
    paragraphs: [`The payment for ${plan} that had failed has gone through. There is nothing left to do.`],
  }),
  'card-expiring': ({ product, brand, last4, month }) => ({
    subject: `The card for ${product} expires soon`,
    preview: `${brand} ending in ${last4}`,
    paragraphs: [
      `The ${brand} card ending in ${last4}, with which you pay for ${product}, expires at the end of ${month}.`,
      'Enter the new one in time and the next payment goes through by itself.',
    ],
    button: 'Update the payment method',
  }),
  'second-subscription-refunded': ({ product, plan, refunded }) => ({
    subject: `We cancelled a second ${product} subscription`,
    preview: 'You bought twice and pay once.',
    paragraphs: [
      `Two subscriptions were bought for your account at the same time. We kept the first and cancelled the second, ${plan}.`,
      refunded
        ? 'What you paid for the second goes back to your card within a few days.'
        : 'Nothing had been paid for the second.',
    ],
    button: 'See plan and billing',
  }),
}

const capital = (words: string) => words.charAt(0).toUpperCase() + words.slice(1)
