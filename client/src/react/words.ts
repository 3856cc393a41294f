import type { components } from '../api/schema.ts'

type Role = components['schemas']['AccountRef']['role']

/** Every word that the components show, in one language. Functions take what is filled in, formatted already. */
export interface Words {
  email: string
  password: string
  yourName: string
  accountName: string
  optional: string
  or: string
  loading: string
  tryAgain: string
  showPassword: string
  passwordHint: (least: number) => string
  signIn: string
  signInTitle: string
  signOut: string
  register: string
  registerTitle: string
  registerLead: (trialDays: number) => string
  newHere: string
  registeredAlready: string
  forgotLink: string
  factorTitle: string
  factorLead: string
  factorCode: string
  factorHint: string
  factorByPasskey: string
  forgotTitle: string
  forgotLead: string
  forgotSubmit: string
  forgotSent: string
  backToSignIn: string
  continueWith: (provider: string) => string
  registrationMailed: string
  joinTitle: (account: string) => string
  joinLead: (by: string | null, role: string) => string
  byInviteOnly: string
  talkToSales: string
  roles: Record<Role, string>
  account: string
  accounts: string
  switchTo: (account: string) => string
  switched: (account: string) => string
  noAccount: string
  plan: string
  plans: string
  seePlans: string
  manageBilling: string
  updatePayment: string
  trialLeft: (days: number) => string
  trialEnds: (date: string) => string
  trialOver: (date: string) => string
  renews: (date: string) => string
  ends: (date: string) => string
  pastDue: string
  pastDueUntil: (date: string) => string
  pastDueOver: string
  unpaid: string
  paused: string
  incomplete: string
  canceled: string
  complimentary: string
  complimentaryUntil: (date: string) => string
  changesTo: (plan: string, date: string) => string
  yearlyFrom: (date: string) => string
  monthlyFrom: (date: string) => string
  unverifiedUntil: (email: string, date: string) => string
  unverified: (email: string) => string
  resend: string
  resent: (email: string) => string
  billedBy: string
  monthly: string
  yearly: string
  saveUpTo: (share: string) => string
  save: (share: string) => string
  perMonth: string
  perYear: string
  perSeatAndMonth: string
  perSeatAndYear: string
  comesTo: (price: string) => string
  byAgreement: string
  currentPlan: string
  currentTrial: string
  choose: (plan: string) => string
  keep: (plan: string) => string
  changeTo: (plan: string) => string
  startFree: string
  askAnOwner: (account: string) => string
  noPayment: string
  opening: string
  members: string
  unlimited: string
  none: string
  aMonth: (amount: string) => string
  included: string
  notIncluded: string
  needsPlan: (plan: string) => string
  needsHigherPlan: string
  needsFeature: (feature: string, plan: string) => string
  featureOff: (feature: string) => string
  atLimit: string
  countUsed: (used: string, limit: string) => string
  moreFrom: (date: string) => string
  signInFirst: string
  verifyFirst: string
  verifyLead: (email: string) => string
  why: {
    'trial-expired': string
    canceled: string
    'past-due': string
    unpaid: string
    paused: string
    incomplete: string
    'never-subscribed': (plan: string) => string
    'plan-too-low': (plan: string) => string
  }
  faults: {
    'invalid-credentials': string
    'wrong-second-factor': string
    'challenge-over': string
    'second-factor-required-here': string
    'last-second-factor': string
    'email-already-registered': string
    'use-oauth-provider': (providers: string) => string
    'self-serve-disabled': string
    overloaded: string
    forbidden: string
    'account-closed': string
    'stripe-unavailable': string
    'change-in-progress': string
    'seat-limit-reached': string
    'invite-for-another-address': string
    'token-unknown': string
    'token-expired': string
    'token-used': string
    'token-superseded': string
    'token-canceled': string
    unreachable: string
    unknown: string
    noEmail: string
    noPassword: string
    badField: string
  }
  tooMany: (wait: string | null) => string
  weak: {
    'too-short': (least: number) => string
    'too-long': string
    common: string
    breached: string
    'like-address': string
  }
}

const some = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`

const english: Words = {
  email: 'E-mail',
  password: 'Password',
  yourName: 'Your name',
  accountName: 'Company',
  optional: 'optional',
  or: 'or',
  loading: 'Loading …',
  tryAgain: 'Try again',
  showPassword: 'Show password',
  passwordHint: (least) => `At least ${least} characters. A few unrelated words make a good one.`,
  signIn: 'Sign in',
  signInTitle: 'Sign in',
  signOut: 'Sign out',
  register: 'Create account',
  registerTitle: 'Create your account',
  registerLead: (days) => `Free for ${some(days, 'day', 'days')}, no card needed.`,
  newHere: 'New here?',
  registeredAlready: 'Have an account already?',
  forgotLink: 'Forgot your password?',
  factorTitle: 'One more step',
  factorLead: 'Your account is protected by a second factor.',
  factorCode: 'Code',
  factorHint: 'The six digits of your authenticator app, or one of your recovery codes.',
  factorByPasskey: 'Use a passkey',
  forgotTitle: 'Forgot your password?',
  forgotLead: 'We mail you a link to choose a new one.',
  forgotSubmit: 'Mail me a link',
  forgotSent: 'If somebody has this address here, a mail is on its way to it.',
  backToSignIn: 'Back to sign-in',
  continueWith: (provider) => `Continue with ${provider}`,
  registrationMailed: 'We have sent you a mail. Open its link to go on.',
  joinTitle: (account) => `Join ${account}`,
  joinLead: (by, role) => (by ? `${by} invites you as ${role}.` : `You are invited as ${role}.`),
  byInviteOnly: 'Accounts are by invite for now.',
  talkToSales: 'Talk to sales',
  roles: { owner: 'Owner', admin: 'Admin', member: 'Member', viewer: 'Viewer' },
  account: 'Account',
  accounts: 'Your accounts',
  switchTo: (account) => `Switch to ${account}`,
  switched: (account) => `You are now in ${account}.`,
  noAccount: 'You are not a member of an account.',
  plan: 'Plan',
  plans: 'Plans',
  seePlans: 'See plans',
  manageBilling: 'Manage billing',
  updatePayment: 'Update payment method',
  trialLeft: (days) => `Trial, ${some(days, 'day', 'days')} left`,
  trialEnds: (date) => `It ends on ${date}.`,
  trialOver: (date) => `Your trial ended on ${date}.`,
  renews: (date) => `Renews on ${date}.`,
  ends: (date) => `Canceled, ends on ${date}.`,
  pastDue: 'The last payment failed.',
  pastDueUntil: (date) => `The last payment failed. Your plan stays until ${date}.`,
  pastDueOver: 'The last payment failed, and the time to settle it is over.',
  unpaid: 'Payment is overdue.',
  paused: 'The subscription is paused.',
  incomplete: 'The first payment has not gone through yet.',
  canceled: 'The subscription has ended.',
  complimentary: 'Complimentary, with our compliments.',
  complimentaryUntil: (date) => `Complimentary until ${date}.`,
  changesTo: (plan, date) => `Changes to ${plan} on ${date}.`,
  yearlyFrom: (date) => `Billed by the year from ${date}.`,
  monthlyFrom: (date) => `Billed by the month from ${date}.`,
  unverifiedUntil: (email, date) => `Please verify ${email} by ${date}: open the link that we mailed to you.`,
  unverified: (email) => `Please verify ${email} to go on: open the link that we mailed to you.`,
  resend: 'Send a new link',
  resent: (email) => `A new link is on its way to ${email}.`,
  billedBy: 'Billed by',
  monthly: 'Monthly',
  yearly: 'Yearly',
  saveUpTo: (share) => `save up to ${share}`,
  save: (share) => `save ${share}`,
  perMonth: 'per month',
  perYear: 'per year',
  perSeatAndMonth: 'per seat and month',
  perSeatAndYear: 'per seat and year',
  comesTo: (price) => `${price} a month`,
  byAgreement: 'Let’s talk',
  currentPlan: 'Your plan',
  currentTrial: 'Your trial',
  choose: (plan) => `Choose ${plan}`,
  keep: (plan) => `Keep ${plan}`,
  changeTo: (plan) => `Change to ${plan}`,
  startFree: 'Start free',
  askAnOwner: (account) => `An owner or admin of ${account} can change the plan.`,
  noPayment: 'Paying online is not set up here.',
  opening: 'One moment …',
  members: 'Members',
  unlimited: 'Unlimited',
  none: 'None',
  aMonth: (amount) => `${amount} a month`,
  included: 'included',
  notIncluded: 'not included',
  needsPlan: (plan) => `This takes the ${plan} plan`,
  needsHigherPlan: 'This takes a higher plan',
  needsFeature: (feature, plan) => `The ${plan} plan has ${feature}`,
  featureOff: (feature) => `This account does not have ${feature}`,
  atLimit: 'The limit is reached',
  countUsed: (used, limit) => `${used} of ${limit} used.`,
  moreFrom: (date) => `More from ${date}.`,
  signInFirst: 'Sign in to see this',
  verifyFirst: 'Verify your address first',
  verifyLead: (email) => `Open the link that we mailed to ${email}, then come back.`,
  why: {
    'trial-expired': 'Your trial is over. Nothing is lost: choose a plan and go on where you stopped.',
    canceled: 'Your subscription has ended. Nothing is lost: choose a plan and go on where you stopped.',
    'past-due': 'The last payment failed. Once it is settled, this opens again.',
    unpaid: 'Payment is overdue. Once it is settled, this opens again.',
    paused: 'The subscription is paused. Resume it, and this opens again.',
    incomplete: 'The first payment has not gone through yet. Complete it, and this opens.',
    'never-subscribed': (plan) => `You are on ${plan}.`,
    'plan-too-low': (plan) => `You are on ${plan}.`,
  },
  faults: {
    'invalid-credentials': 'Address or password is wrong.',
    'wrong-second-factor': 'That did not fit, or was used before. Wait for the next code, and try again.',
    'challenge-over': 'That took too long. Please sign in again.',
    'second-factor-required-here': 'This account asks for a second factor. Add or prove yours first.',
    'last-second-factor': 'An account that you are in asks for a second factor: this is your last one.',
    'email-already-registered': 'This address is registered already. Sign in, or ask for a new password.',
    'use-oauth-provider': (providers) => `You have no password here: sign in with ${providers}.`,
    'self-serve-disabled':
      'New accounts cannot be created here right now. Ask for an invite, or talk to sales.',
    overloaded: 'The service is busy right now. Nothing is lost: try again in a moment.',
    forbidden: 'Your role in this account does not allow this. Ask an owner or admin.',
    'account-closed': 'This account is closed.',
    'stripe-unavailable': 'Payment does not answer right now. Nothing was charged: try again in a moment.',
    'change-in-progress': 'Another change is under way. Try again in a moment.',
    'seat-limit-reached': 'The account that invites you has no free seat. Ask whoever invited you.',
    'invite-for-another-address': 'This invite is for another address. Sign in or register with that one.',
    'token-unknown': 'This link is not one of ours. Open it from the mail again.',
    'token-expired': 'This invite has expired. Ask to be invited again.',
    'token-used': 'This invite has been accepted already. Sign in to get to the account.',
    'token-superseded': 'You were invited again since: open the link in the newest mail.',
    'token-canceled': 'This invite was taken back. Ask to be invited again.',
    unreachable: 'The service cannot be reached. Check your connection and try again.',
    unknown: 'That did not work out. Please try again.',
    noEmail: 'Give your e-mail address.',
    noPassword: 'Give a password.',
    badField: 'This cannot be used as it is written.',
  },
  tooMany: (wait) =>
    wait ? `Too many attempts. Try again in ${wait}.` : 'Too many attempts. Try again later.',
  weak: {
    'too-short': (least) => `Too short: use at least ${least} characters.`,
    'too-long': 'Too long: use at most 256 characters.',
    common: 'This password is well known. Choose a few unrelated words.',
    breached: 'This password is in a list of stolen ones. Choose another.',
    'like-address': 'Too like your address. Choose a few unrelated words.',
  },
}

const german: Words = {
  email: 'E-Mail',
  password: 'Passwort',
  yourName: 'Ihr Name',
  accountName: 'Firma',
  optional: 'freiwillig',
  or: 'oder',
  loading: 'Wird geladen …',
  tryAgain: 'Noch einmal versuchen',
  showPassword: 'Passwort zeigen',
  passwordHint: (least) => `Mindestens ${least} Zeichen. Gut sind ein paar Wörter ohne Zusammenhang.`,
  signIn: 'Anmelden',
  signInTitle: 'Anmelden',
  signOut: 'Abmelden',
  register: 'Konto anlegen',
  registerTitle: 'Konto anlegen',
  registerLead: (days) => `${some(days, 'Tag', 'Tage')} kostenlos, ohne Karte.`,
  newHere: 'Neu hier?',
  registeredAlready: 'Schon ein Konto?',
  forgotLink: 'Passwort vergessen?',
  factorTitle: 'Noch ein Schritt',
  factorLead: 'Ihr Zugang ist durch einen zweiten Faktor geschützt.',
  factorCode: 'Code',
  factorHint: 'Die sechs Ziffern Ihrer Authenticator-App oder einer Ihrer Wiederherstellungscodes.',
  factorByPasskey: 'Passkey verwenden',
  forgotTitle: 'Passwort vergessen?',
  forgotLead: 'Wir schicken Ihnen einen Link, mit dem Sie ein neues wählen.',
  forgotSubmit: 'Link schicken',
  forgotSent: 'Falls es hier jemanden mit dieser Adresse gibt, ist eine Mail unterwegs.',
  backToSignIn: 'Zurück zur Anmeldung',
  continueWith: (provider) => `Weiter mit ${provider}`,
  registrationMailed: 'Wir haben Ihnen eine Mail geschickt. Öffnen Sie den Link darin.',
  joinTitle: (account) => `${account} beitreten`,
  joinLead: (by, role) => (by ? `${by} lädt Sie ein, als ${role}.` : `Sie sind eingeladen, als ${role}.`),
  byInviteOnly: 'Konten gibt es zurzeit auf Einladung.',
  talkToSales: 'Vertrieb fragen',
  roles: { owner: 'Inhaber', admin: 'Admin', member: 'Mitglied', viewer: 'Leser' },
  account: 'Konto',
  accounts: 'Ihre Konten',
  switchTo: (account) => `Zu ${account} wechseln`,
  switched: (account) => `Sie sind jetzt in ${account}.`,
  noAccount: 'Sie sind in keinem Konto Mitglied.',
  plan: 'Tarif',
  plans: 'Tarife',
  seePlans: 'Tarife ansehen',
  manageBilling: 'Abrechnung verwalten',
  updatePayment: 'Zahlungsmittel ändern',
  trialLeft: (days) => `Probezeit, noch ${some(days, 'Tag', 'Tage')}`,
  trialEnds: (date) => `Sie endet am ${date}.`,
  trialOver: (date) => `Ihre Probezeit endete am ${date}.`,
  renews: (date) => `Verlängert sich am ${date}.`,
  ends: (date) => `Gekündigt, endet am ${date}.`,
  pastDue: 'Die letzte Zahlung ist fehlgeschlagen.',
  pastDueUntil: (date) => `Die letzte Zahlung ist fehlgeschlagen. Ihr Tarif bleibt bis ${date}.`,
  pastDueOver: 'Die letzte Zahlung ist fehlgeschlagen, und die Frist ist vorbei.',
  unpaid: 'Eine Zahlung ist überfällig.',
  paused: 'Das Abonnement ruht.',
  incomplete: 'Die erste Zahlung ist noch nicht eingegangen.',
  canceled: 'Das Abonnement ist beendet.',
  complimentary: 'Kostenlos überlassen.',
  complimentaryUntil: (date) => `Kostenlos überlassen bis ${date}.`,
  changesTo: (plan, date) => `Wechselt am ${date} zu ${plan}.`,
  yearlyFrom: (date) => `Ab ${date} jährlich abgerechnet.`,
  monthlyFrom: (date) => `Ab ${date} monatlich abgerechnet.`,
  unverifiedUntil: (email, date) =>
    `Bitte bestätigen Sie ${email} bis ${date}: öffnen Sie den Link, den wir geschickt haben.`,
  unverified: (email) =>
    `Bitte bestätigen Sie ${email}, um fortzufahren: öffnen Sie den Link, den wir geschickt haben.`,
  resend: 'Neuen Link schicken',
  resent: (email) => `Ein neuer Link ist unterwegs an ${email}.`,
  billedBy: 'Abrechnung',
  monthly: 'Monatlich',
  yearly: 'Jährlich',
  saveUpTo: (share) => `bis zu ${share} sparen`,
  save: (share) => `${share} sparen`,
  perMonth: 'im Monat',
  perYear: 'im Jahr',
  perSeatAndMonth: 'je Platz und Monat',
  perSeatAndYear: 'je Platz und Jahr',
  comesTo: (price) => `${price} im Monat`,
  byAgreement: 'Auf Anfrage',
  currentPlan: 'Ihr Tarif',
  currentTrial: 'Ihre Probezeit',
  choose: (plan) => `${plan} wählen`,
  keep: (plan) => `${plan} behalten`,
  changeTo: (plan) => `Zu ${plan} wechseln`,
  startFree: 'Kostenlos beginnen',
  askAnOwner: (account) => `Den Tarif ändert ein Inhaber oder Admin von ${account}.`,
  noPayment: 'Zahlung im Netz ist hier nicht eingerichtet.',
  opening: 'Einen Moment …',
  members: 'Mitglieder',
  unlimited: 'Unbegrenzt',
  none: 'Keine',
  aMonth: (amount) => `${amount} im Monat`,
  included: 'enthalten',
  notIncluded: 'nicht enthalten',
  needsPlan: (plan) => `Dafür braucht es den Tarif ${plan}`,
  needsHigherPlan: 'Dafür braucht es einen höheren Tarif',
  needsFeature: (feature, plan) => `${feature} gibt es im Tarif ${plan}`,
  featureOff: (feature) => `Dieses Konto hat ${feature} nicht`,
  atLimit: 'Die Grenze ist erreicht',
  countUsed: (used, limit) => `${used} von ${limit} verbraucht.`,
  moreFrom: (date) => `Mehr ab ${date}.`,
  signInFirst: 'Bitte melden Sie sich an',
  verifyFirst: 'Bitte bestätigen Sie Ihre Adresse',
  verifyLead: (email) => `Öffnen Sie den Link, den wir an ${email} geschickt haben, und kommen Sie zurück.`,
  why: {
    'trial-expired':
      'Ihre Probezeit ist vorbei. Nichts ist verloren: wählen Sie einen Tarif und machen Sie weiter, wo Sie waren.',
    canceled:
      'Ihr Abonnement ist beendet. Nichts ist verloren: wählen Sie einen Tarif und machen Sie weiter, wo Sie waren.',
    'past-due': 'Die letzte Zahlung ist fehlgeschlagen. Ist sie beglichen, geht es hier weiter.',
    unpaid: 'Eine Zahlung ist überfällig. Ist sie beglichen, geht es hier weiter.',
    paused: 'Das Abonnement ruht. Nehmen Sie es wieder auf, und es geht hier weiter.',
    incomplete:
      'Die erste Zahlung ist noch nicht eingegangen. Schließen Sie sie ab, und es geht hier weiter.',
    'never-subscribed': (plan) => `Sie haben den Tarif ${plan}.`,
    'plan-too-low': (plan) => `Sie haben den Tarif ${plan}.`,
  },
  faults: {
    'invalid-credentials': 'Adresse oder Passwort ist falsch.',
    'wrong-second-factor':
      'Das passt nicht oder wurde schon benutzt. Warten Sie auf den nächsten Code und versuchen Sie es noch einmal.',
    'challenge-over': 'Das hat zu lange gedauert. Bitte melden Sie sich neu an.',
    'second-factor-required-here':
      'Dieses Konto verlangt einen zweiten Faktor. Richten Sie Ihren ein oder weisen Sie ihn nach.',
    'last-second-factor':
      'Ein Konto, in dem Sie Mitglied sind, verlangt einen zweiten Faktor: Das ist Ihr letzter.',
    'email-already-registered':
      'Diese Adresse ist schon registriert. Melden Sie sich an, oder fordern Sie ein neues Passwort an.',
    'use-oauth-provider': (providers) => `Sie haben hier kein Passwort: melden Sie sich mit ${providers} an.`,
    'self-serve-disabled':
      'Zurzeit können hier keine Konten angelegt werden. Lassen Sie sich einladen, oder sprechen Sie mit dem Vertrieb.',
    overloaded:
      'Der Dienst ist gerade ausgelastet. Nichts ist verloren: versuchen Sie es gleich noch einmal.',
    forbidden: 'Ihre Rolle in diesem Konto erlaubt das nicht. Fragen Sie einen Inhaber oder Admin.',
    'account-closed': 'Dieses Konto ist geschlossen.',
    'stripe-unavailable':
      'Die Zahlung antwortet gerade nicht. Es wurde nichts abgebucht: versuchen Sie es gleich noch einmal.',
    'change-in-progress': 'Eine andere Änderung läuft noch. Versuchen Sie es gleich noch einmal.',
    'seat-limit-reached':
      'Das Konto, das Sie einlädt, hat keinen freien Platz. Fragen Sie, wer Sie eingeladen hat.',
    'invite-for-another-address':
      'Diese Einladung gilt einer anderen Adresse. Melden Sie sich mit jener an, oder registrieren Sie sich mit ihr.',
    'token-unknown': 'Dieser Link ist keiner von uns. Öffnen Sie ihn noch einmal aus der Mail.',
    'token-expired': 'Diese Einladung ist abgelaufen. Lassen Sie sich neu einladen.',
    'token-used': 'Diese Einladung ist schon angenommen. Melden Sie sich an, um ins Konto zu kommen.',
    'token-superseded': 'Sie wurden seither neu eingeladen: öffnen Sie den Link in der neuesten Mail.',
    'token-canceled': 'Diese Einladung wurde zurückgezogen. Lassen Sie sich neu einladen.',
    unreachable:
      'Der Dienst ist nicht erreichbar. Prüfen Sie Ihre Verbindung, und versuchen Sie es noch einmal.',
    unknown: 'Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.',
    noEmail: 'Geben Sie Ihre E-Mail-Adresse an.',
    noPassword: 'Geben Sie ein Passwort an.',
    badField: 'So geschrieben geht das nicht.',
  },
  tooMany: (wait) =>
    wait
      ? `Zu viele Versuche. Versuchen Sie es in ${wait} noch einmal.`
      : 'Zu viele Versuche. Versuchen Sie es später.',
  weak: {
    'too-short': (least) => `Zu kurz: mindestens ${least} Zeichen.`,
    'too-long': 'Zu lang: höchstens 256 Zeichen.',
    common: 'Dieses Passwort ist weithin bekannt. Wählen Sie ein paar Wörter ohne Zusammenhang.',
    breached: 'Dieses Passwort steht in einer Liste gestohlener. Wählen Sie ein anderes.',
    'like-address': 'Zu nah an Ihrer Adresse. Wählen Sie ein paar Wörter ohne Zusammenhang.',
  },
}

const languages: Record<string, Words> = { en: english, de: german }

/** A language and the way of writing numbers and dates that goes with it. */
export interface Language {
  words: Words
  /** A BCP 47 tag, as `Intl` takes it. */
  locale: string
}

/** The first of these languages that there are words in (BCP 47 tags, the most wanted first), else English. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const locale of wanted) {
    const words = languages[locale.split('-')[0]?.toLowerCase() ?? '']
    if (words) return { words, locale }
  }
  return { words: english, locale: 'en' }
}
