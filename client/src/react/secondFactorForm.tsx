import { type FormEvent, type ReactElement, useEffect, useRef, useState } from 'react'
import { FrontgateProblem } from '../api/problem.ts'
import { Field, Outcome } from './formParts.tsx'
import { useFrontgate } from './frontgateProvider.tsx'
import { sayProblem } from './sayProblem.ts'

/** What the first step of a sign-in was answered with, where there is a second one. */
export interface Asked {
  challenge: string
  methods: string[]
}

interface SecondFactorFormProps {
  asked: Asked
  /** Where the page of the service leads back to that asks for a passkey. */
  returnTo: string
  /** Whoever got here is signed in. */
  onProved: () => Promise<void>
  /** To the first step, which is to be taken again where this took too long. */
  onBack: () => void
}

/** What was asked for, where a sign-in was answered with a question for the second factor. */
export function askedBy(thrown: unknown): Asked | null {
  if (!(thrown instanceof FrontgateProblem) || thrown.code !== 'second-factor-required') return null
  return { challenge: String(thrown.members.challenge), methods: thrown.members.methods as string[] }
}

/** The second step of a sign-in. A passkey answers on pages of the service alone, so that it is asked for there. */
export function SecondFactorForm({ asked, returnTo, onProved, onBack }: SecondFactorFormProps): ReactElement {
  const { client, words, locale } = useFrontgate()
  const form = useRef<HTMLFormElement>(null)
  const [isBusy, setBusy] = useState(false)
  const [fault, setFault] = useState<string | null>(null)
  const [missing, setMissing] = useState<string>()
  const { challenge, methods } = asked
  const takesCode = methods.some((method) => method !== 'passkey')

  useEffect(() => {
    form.current?.querySelector('input')?.focus()
  }, [])

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault()
    const typed = String(new FormData(event.currentTarget).get('code') ?? '').trim()
    setFault(null)
    setMissing(typed === '' ? words.faults.badField : undefined)
    if (typed === '' || isBusy) return
    setBusy(true)
    try {
      await client.proveFactor({ challenge, ...proofOf(typed) })
      await onProved()
    } catch (thrown) {
      setFault(sayProblem(thrown, { words, locale }))
    } finally {
      setBusy(false)
    }
  }

  return (
    <>
      <p className="frontgate-lead">{words.factorLead}</p>
      {takesCode && (
        <form ref={form} onSubmit={submit} noValidate aria-busy={isBusy}>
          <Field
            name="code"
            label={words.factorCode}
            hint={words.factorHint}
            autoComplete="one-time-code"
            fault={missing}
            required
          />
          <Outcome kind="fault">{fault}</Outcome>
          <button type="submit" className="frontgate-button frontgate-is-main" disabled={isBusy}>
            {isBusy ? words.opening : words.signIn}
          </button>
        </form>
      )}
      {methods.includes('passkey') && (
        <a className="frontgate-button" href={client.secondFactorUrl({ returnTo })}>
          {words.factorByPasskey}
        </a>
      )}
      <div className="frontgate-turns">
        <p>
          <button type="button" className="frontgate-link" onClick={onBack}>
            {words.backToSignIn}
          </button>
        </p>
      </div>
    </>
  )
}

/** Six digits are a code of an app; recovery codes are longer. */
function proofOf(typed: string): { code: string } | { recovery_code: string } {
  return /^(\s*\d){6}$/.test(typed) ? { code: typed } : { recovery_code: typed }
}
