import { type FormEvent, type ReactElement, useEffect, useId, useRef, useState } from 'react'
import type { FrontgateClient } from '../api/createClient.ts'
import { FrontgateProblem, unwrap } from '../api/problem.ts'
import type { components } from '../api/schema.ts'
import type { Session } from '../api/session.ts'
import { Field, Outcome, Waiting } from './formParts.tsx'
import { useFrontgate } from './frontgateProvider.tsx'
import { ProviderMark } from './providerMark.tsx'
import { providerTitles, sayFaultsOfFields, sayProblem } from './sayProblem.ts'
import { type Asked, askedBy, SecondFactorForm } from './secondFactorForm.tsx'
import { useConfig } from './usePublished.ts'
import type { Language } from './words.ts'

type PublicConfig = components['schemas']['PublicConfig']
type Provider = 'google' | 'microsoft'

export interface SignInProps {
  /** Called once somebody is signed in by the form. With Google and Microsoft people come back by `returnTo`. */
  onSignedIn?: (session: Session) => void
  /** Shows registration first. */
  register?: boolean
  /** Of the link in an invite's mail: whoever signs in or registers joins the account that invites. */
  inviteToken?: string
  /** Where Google and Microsoft lead back to; this page without it. Its origin must be in PRODUCT_ORIGINS. */
  returnTo?: string
}

type Mode = 'sign-in' | 'register' | 'forgot' | 'second-factor'

interface Invite {
  account_name: string
  role: components['schemas']['AccountRef']['role']
  email: string
  invited_by: string | null
}

/** Signing in, registering, and asking for a new password, with whatever the service has switched on. */
export function SignIn({ onSignedIn, register = false, inviteToken, returnTo }: SignInProps): ReactElement {
  const { client, words, locale } = useFrontgate()
  const { data: config, problem, again } = useConfig()
  const [mode, setMode] = useState<Mode>(register ? 'register' : 'sign-in')
  const [email, setEmail] = useState('')
  const { invite, inviteProblem } = useInvite(client, inviteToken)
  const heading = useRef<HTMLHeadingElement>(null)
  const headingId = useId()
  const [asked, setAsked] = useState<Asked | null>(null)

  function change(next: Mode): void {
    setMode(next)
    // Where the button was that led here is something else now.
    heading.current?.focus()
  }

  if (!config) {
    return (
      <section className="frontgate frontgate-sign-in" lang={locale}>
        {problem ? (
          <>
            <Outcome kind="fault">{sayProblem(problem, { words, locale })}</Outcome>
            <button type="button" className="frontgate-button" onClick={again}>
              {words.tryAgain}
            </button>
          </>
        ) : (
          <Waiting says={words.loading} />
        )}
      </section>
    )
  }

  const mayRegister = config.self_serve_enabled || invite !== null
  const shown = mode === 'register' && !mayRegister ? 'closed' : mode
  const ask = (next: Asked) => {
    setAsked(next)
    setMode('second-factor')
  }
  const parts = {
    ask,
    config,
    invite,
    inviteToken,
    returnTo,
    email,
    setEmail,
    change,
    onSignedIn,
    mayRegister,
  }
  return (
    <section className="frontgate frontgate-sign-in" lang={locale} aria-labelledby={headingId}>
      <h2 id={headingId} ref={heading} tabIndex={-1}>
        {titleOf(shown, invite, words)}
      </h2>
      {invite && shown !== 'forgot' && shown !== 'second-factor' && (
        <p className="frontgate-lead">{words.joinLead(invite.invited_by, words.roles[invite.role])}</p>
      )}
      {inviteProblem ? <Outcome kind="fault">{sayProblem(inviteProblem, { words, locale })}</Outcome> : null}
      {shown === 'second-factor' && asked && (
        <SecondFactorForm
          asked={asked}
          returnTo={returnTo ?? location.href}
          onProved={async () => onSignedIn?.(await joinInvited(client, client.session, inviteToken))}
          onBack={() => change('sign-in')}
        />
      )}
      {shown === 'forgot' && <ForgotForm key="forgot" {...parts} />}
      {shown === 'closed' && <Closed config={config} change={change} />}
      {(shown === 'sign-in' || shown === 'register') && (
        <CredentialsForm key={shown} mode={shown} {...parts} />
      )}
    </section>
  )
}

function titleOf(shown: Mode | 'closed', invite: Invite | null, words: Language['words']): string {
  if (shown === 'forgot') return words.forgotTitle
  if (shown === 'second-factor') return words.factorTitle
  if (invite) return words.joinTitle(invite.account_name)
  return shown === 'sign-in' ? words.signInTitle : words.registerTitle
}

interface FormProps {
  ask: (asked: Asked) => void
  config: PublicConfig
  invite: Invite | null
  inviteToken: string | undefined
  returnTo: string | undefined
  email: string
  setEmail: (email: string) => void
  change: (mode: Mode) => void
  onSignedIn: SignInProps['onSignedIn']
  mayRegister: boolean
}

function CredentialsForm(props: FormProps & { mode: 'sign-in' | 'register' }): ReactElement {
  const { ask, config, invite, inviteToken, mode, email, setEmail, change, onSignedIn, mayRegister } = props
  const { client, words, locale } = useFrontgate()
  const form = useRef<HTMLFormElement>(null)
  const [isBusy, setBusy] = useState(false)
  const [faults, setFaults] = useState<Record<string, string>>({})
  const [outcome, setOutcome] = useState<{ kind: 'fault' | 'done'; says: string } | null>(null)
  const [providers, setProviders] = useState<string[] | null>(null)
  const [isPasswordShown, setPasswordShown] = useState(false)
  const isNew = mode === 'register'
  useFocusOnFault(form, faults)

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault()
    if (isBusy) return
    const typed = readFields(event.currentTarget)
    setEmail(typed.email ?? '')
    setOutcome(null)
    const missing = {
      ...(!typed.email && { email: words.faults.noEmail }),
      ...(!typed.password && { password: words.faults.noPassword }),
    }
    setFaults(missing)
    if (Object.keys(missing).length > 0) return
    setBusy(true)
    try {
      const session = await enter(client, typed, { isNew, inviteToken })
      // With REGISTRATION_PRIVACY=strict nobody is told whether the address is new, and the mail goes on.
      if (session.status !== 'signed-in') setOutcome({ kind: 'done', says: words.registrationMailed })
      else onSignedIn?.(session)
    } catch (thrown) {
      const asked = askedBy(thrown)
      if (asked) return ask(asked)
      const ofFields = sayFaultsOfFields(thrown, { words, locale })
      setFaults(ofFields)
      if (thrown instanceof FrontgateProblem && thrown.code === 'use-oauth-provider')
        setProviders(thrown.members.providers as string[])
      if (Object.keys(ofFields).length === 0)
        setOutcome({ kind: 'fault', says: sayProblem(thrown, { words, locale }) })
    } finally {
      setBusy(false)
    }
  }

  const minimum = config.password_min_length
  return (
    <>
      {isNew && !invite && config.trial_days > 0 && (
        <p className="frontgate-lead">{words.registerLead(config.trial_days)}</p>
      )}
      <Providers {...props} only={providers} loginHint={invite?.email ?? email} />
      <form ref={form} onSubmit={submit} noValidate aria-busy={isBusy}>
        <Field
          name="email"
          type="email"
          label={words.email}
          autoComplete={isNew ? 'email' : 'username'}
          defaultValue={invite?.email ?? email}
          readOnly={isNew && invite !== null}
          fault={faults.email}
          required
        />
        {isNew && (
          <Field
            name="name"
            label={words.yourName}
            note={words.optional}
            autoComplete="name"
            fault={faults.name}
          />
        )}
        {isNew && !invite && (
          <Field
            name="account_name"
            label={words.accountName}
            note={words.optional}
            autoComplete="organization"
            fault={faults.account_name}
          />
        )}
        <Field
          name="password"
          type={isPasswordShown ? 'text' : 'password'}
          label={words.password}
          autoComplete={isNew ? 'new-password' : 'current-password'}
          hint={isNew ? words.passwordHint(minimum) : undefined}
          fault={faults.password}
          required
          beside={
            <label className="frontgate-check">
              <input
                type="checkbox"
                checked={isPasswordShown}
                onChange={(event) => setPasswordShown(event.target.checked)}
              />
              {words.showPassword}
            </label>
          }
        />
        <Outcome kind="fault">{outcome?.kind === 'fault' && outcome.says}</Outcome>
        <button type="submit" className="frontgate-button frontgate-is-main" disabled={isBusy}>
          {isBusy ? words.opening : isNew ? words.register : words.signIn}
        </button>
        <Outcome kind="done">{outcome?.kind === 'done' && outcome.says}</Outcome>
      </form>
      <div className="frontgate-turns">
        {!isNew && (
          <p>
            <Turn to="forgot" change={change} form={form} setEmail={setEmail} says={words.forgotLink} />
          </p>
        )}
        {isNew ? (
          <p>
            {words.registeredAlready}{' '}
            <Turn to="sign-in" change={change} form={form} setEmail={setEmail} says={words.signIn} />
          </p>
        ) : mayRegister ? (
          <p>
            {words.newHere}{' '}
            <Turn to="register" change={change} form={form} setEmail={setEmail} says={words.register} />
          </p>
        ) : (
          <p>
            {words.byInviteOnly} <a href={config.sales_url}>{words.talkToSales}</a>
          </p>
        )}
      </div>
    </>
  )
}

/** Signs in or registers; a user who was invited joins, and is in that account then. */
async function enter(
  client: FrontgateClient,
  typed: Record<string, string>,
  { isNew, inviteToken }: { isNew: boolean; inviteToken: string | undefined },
): Promise<Session> {
  const { email = '', password = '', ...named } = typed
  if (isNew)
    return client.register({ email, password, ...named, ...(inviteToken && { invite_token: inviteToken }) })
  return joinInvited(client, await client.signIn({ email, password }), inviteToken)
}

async function joinInvited(
  client: FrontgateClient,
  session: Session,
  inviteToken: string | undefined,
): Promise<Session> {
  if (!inviteToken) return session
  const { account } = unwrap(await client.api.POST('/v1/invites/accept', { body: { token: inviteToken } }))
  return client.switchAccount(account.id)
}

function Turn(props: {
  to: Mode
  change: (mode: Mode) => void
  form: { current: HTMLFormElement | null }
  setEmail: (email: string) => void
  says: string
}): ReactElement {
  const { to, change, form, setEmail, says } = props
  return (
    <button
      type="button"
      className="frontgate-link"
      onClick={() => {
        // The address is kept, so that nobody types it twice.
        if (form.current) setEmail(readFields(form.current).email ?? '')
        change(to)
      }}
    >
      {says}
    </button>
  )
}

function Providers(props: FormProps & { only: string[] | null; loginHint: string }): ReactElement | null {
  const { config, inviteToken, returnTo, only, loginHint } = props
  const { client, words } = useFrontgate()
  const providers = config.oauth_providers.filter(
    (provider): provider is Provider => provider in providerTitles && (!only || only.includes(provider)),
  )
  if (providers.length === 0) return null
  const options = {
    returnTo: returnTo ?? location.href,
    ...(inviteToken && { inviteToken }),
    ...(loginHint && { loginHint }),
  }
  return (
    <div className="frontgate-providers">
      {providers.map((provider) => (
        <a key={provider} className="frontgate-button" href={client.signInUrl(provider, options)}>
          <ProviderMark provider={provider} />
          {words.continueWith(providerTitles[provider] ?? provider)}
        </a>
      ))}
      <p className="frontgate-or">
        <span>{words.or}</span>
      </p>
    </div>
  )
}

function ForgotForm({ email, setEmail, change }: FormProps): ReactElement {
  const { client, words, locale } = useFrontgate()
  const form = useRef<HTMLFormElement>(null)
  const [isBusy, setBusy] = useState(false)
  const [isSent, setSent] = useState(false)
  const [faults, setFaults] = useState<Record<string, string>>({})
  const [fault, setFault] = useState<string | null>(null)
  useFocusOnFault(form, faults)

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault()
    const { email: typed = '' } = readFields(event.currentTarget)
    setEmail(typed)
    setFault(null)
    setFaults(typed ? {} : { email: words.faults.noEmail })
    if (!typed || isBusy) return
    setBusy(true)
    try {
      unwrap(await client.api.POST('/v1/auth/password/forgot', { body: { email: typed } }))
      setSent(true)
    } catch (thrown) {
      const ofFields = sayFaultsOfFields(thrown, { words, locale })
      setFaults(ofFields)
      if (Object.keys(ofFields).length === 0) setFault(sayProblem(thrown, { words, locale }))
    } finally {
      setBusy(false)
    }
  }

  return (
    <>
      <Outcome kind="done">{isSent && words.forgotSent}</Outcome>
      {!isSent && (
        <form ref={form} onSubmit={submit} noValidate aria-busy={isBusy}>
          <p className="frontgate-lead">{words.forgotLead}</p>
          <Field
            name="email"
            type="email"
            label={words.email}
            autoComplete="username"
            defaultValue={email}
            fault={faults.email}
            required
          />
          <Outcome kind="fault">{fault}</Outcome>
          <button type="submit" className="frontgate-button frontgate-is-main" disabled={isBusy}>
            {words.forgotSubmit}
          </button>
        </form>
      )}
      <div className="frontgate-turns">
        <p>
          <Turn to="sign-in" change={change} form={form} setEmail={setEmail} says={words.backToSignIn} />
        </p>
      </div>
    </>
  )
}

function Closed({ config, change }: Pick<FormProps, 'config' | 'change'>): ReactElement {
  const { words } = useFrontgate()
  return (
    <>
      <p className="frontgate-lead">{words.byInviteOnly}</p>
      <a className="frontgate-button frontgate-is-main" href={config.sales_url}>
        {words.talkToSales}
      </a>
      <div className="frontgate-turns">
        <p>
          {words.registeredAlready}{' '}
          <button type="button" className="frontgate-link" onClick={() => change('sign-in')}>
            {words.signIn}
          </button>
        </p>
      </div>
    </>
  )
}

function useInvite(client: FrontgateClient, token: string | undefined) {
  const [found, setFound] = useState<{ token: string; invite: Invite | null; problem: unknown } | null>(null)
  useEffect(() => {
    if (!token) return
    let isOver = false
    const look = async () => unwrap(await client.api.POST('/v1/invites/preview', { body: { token } }))
    look().then(
      (invite) => !isOver && setFound({ token, invite, problem: null }),
      (problem) => !isOver && setFound({ token, invite: null, problem }),
    )
    return () => {
      isOver = true
    }
  }, [client, token])
  const isCurrent = found !== null && found.token === token
  return { invite: isCurrent ? found.invite : null, inviteProblem: isCurrent ? found.problem : null }
}

/** Moves the focus to the first field with a fault, so that whoever does not see the page hears of it. */
function useFocusOnFault(form: { current: HTMLFormElement | null }, faults: Record<string, string>): void {
  useEffect(() => {
    if (Object.keys(faults).length === 0) return
    form.current?.querySelector<HTMLInputElement>('[aria-invalid]')?.focus()
  }, [form, faults])
}

/** What was typed, without what was left empty. Passwords are taken as they are. */
function readFields(form: HTMLFormElement): Record<string, string> {
  return Object.fromEntries(
    [...new FormData(form)].flatMap(([name, value]) => {
      const typed = name === 'password' ? String(value) : String(value).trim()
      return typed === '' ? [] : [[name, typed]]
    }),
  )
}
