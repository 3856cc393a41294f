import { FrontgateProblem } from '@frontgate/client'
import { Alert, Button, Stack } from '@mantine/core'
import { Link, useLocation } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useSayProblem } from '../forms/useSayProblem.ts'
import { useWords } from '../words/words.ts'
import { ResendLink } from './resendLink.tsx'

/** What came of something that was pressed, where it did not work out: nothing without an error. */
export function Fault({ error }: { error: unknown }) {
  if (!error) return null
  return (
    <Alert color="red" role="alert">
      <FaultText error={error} />
    </Alert>
  )
}

/** Why something did not work out, with the way on where there is one. */
export function FaultText({ error }: { error: unknown }) {
  const { words, locale } = useWords()
  const say = useSayProblem()
  const { href } = useLocation()
  const own = words.account.fault
  if (!(error instanceof FrontgateProblem)) return say(error)
  const listed = (error.members.accounts as { name: string }[] | undefined)?.map(({ name }) => name)
  const accounts = listed ? new Intl.ListFormat(locale).format(listed) : own.thisAccount
  switch (error.code) {
    case 'recent-sign-in-required':
      return (
        <Way says={own.signInAgain}>
          <Button
            component="a"
            variant="default"
            size="xs"
            href={`/sign-in?${new URLSearchParams({ error: error.code, return_to: href })}`}
          >
            {own.toSignIn}
          </Button>
        </Way>
      )
    case 'last-owner':
      return (
        <Way says={own.lastOwner(accounts)}>
          <Onward to="/members">{own.toMembers}</Onward>
        </Way>
      )
    case 'subscription-live':
      return (
        <Way says={own.subscriptionLive(accounts)}>
          <Onward to="/billing">{own.toBilling}</Onward>
        </Way>
      )
    case 'seat-limit-reached':
      return (
        <Way says={words.account.members.seatsFullPlain}>
          <Onward to="/billing">{own.toMorePlans}</Onward>
        </Way>
      )
    case 'email-verification-required':
      return (
        <Way says={words.account.invites.verifyFirst}>
          <ResendLink />
        </Way>
      )
    case 'second-factor-required-here':
      return (
        <Way says={words.factor.needed}>
          <Onward to="/security">{words.factor.toSecurity}</Onward>
        </Way>
      )
    case 'last-second-factor':
      return words.factor.lastOne(accounts)
    case 'last-sign-in-method':
      return own.lastWay
    case 'invalid-credentials':
      return own.wrongPassword
    case 'confirmation-mismatch':
      return own.wrongName
    default:
      return say(error)
  }
}

function Way({ says, children }: { says: string; children: ReactNode }) {
  return (
    <Stack gap="sm" align="flex-start">
      {says}
      {children}
    </Stack>
  )
}

function Onward({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Button component={Link} to={to} variant="default" size="xs">
      {children}
    </Button>
  )
}
