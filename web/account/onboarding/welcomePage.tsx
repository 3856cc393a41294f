import { useSession } from '@frontgate/client/react'
import { Button, Paper, Skeleton, Stack, Text, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { productName, productUrl } from '../../settings.ts'
import { Failed } from '../../shell/failed.tsx'
import { useWords } from '../../words/words.ts'
import { Fault } from '../fault.tsx'
import { PageHead } from '../pageHead.tsx'
import { refreshSession } from '../refreshSession.ts'
import { isAtLeast } from '../roles.ts'
import { ChoosePlanStep } from './choosePlanStep.tsx'
import { InviteStep } from './inviteStep.tsx'
import { NameStep } from './nameStep.tsx'
import { Steps } from './steps.tsx'
import { isPutOff, nextOf, type Onboarding, putOff, type Step, useOnboarding } from './useOnboarding.ts'
import { VerifyStep } from './verifyStep.tsx'

/** The first steps of an account, one at a time. Each can wait, and goes on wherever somebody signs in. */
export function WelcomePage() {
  const { words } = useWords()
  const { user } = useSession()
  const { data, error } = useOnboarding({ isWatching: user?.email_verified === false })
  const isStale =
    data?.steps.some(({ step, done }) => step === 'verify_email' && done) && !user?.email_verified
  useEffect(() => {
    if (isStale) void refreshSession().catch(() => {})
  }, [isStale])
  const own = words.account.welcome
  return (
    <Stack maw={640} w="100%" mx="auto" gap="lg">
      <PageHead title={own.title} lead={own.lead(productName)} />
      {data ? (
        <Wizard onboarding={data} />
      ) : error ? (
        <Failed error={error} />
      ) : (
        <Skeleton h={380} radius="lg" />
      )}
    </Stack>
  )
}

function Wizard({ onboarding }: { onboarding: Onboarding }) {
  const { words } = useWords()
  const { account } = useSession()
  const [chosen, setChosen] = useState<Step | null>(null)
  const later = useMutation({ mutationFn: putOff })
  const shown = chosen ?? nextOf(onboarding)
  const heading = useFocusOn(shown)
  const own = words.account.welcome
  const isTheirs = (step: Step) => step === 'verify_email' || isAtLeast(account?.role, 'admin')

  async function wait(step: Step): Promise<void> {
    if (isAtLeast(account?.role, 'member') && !isPutOff(onboarding, step)) await later.mutateAsync(step)
    goOn(step)
  }

  /** To the step after one that was looked at out of order, otherwise to whatever is next. */
  function goOn(step: Step): void {
    const next = nextOf(onboarding)
    setChosen(next === step || next === null ? null : chosen && next)
  }

  return (
    <Stack gap="lg">
      <Steps onboarding={onboarding} shown={shown} onChoose={setChosen} />
      <Paper withBorder radius="lg" p={{ base: 'lg', xs: 'xl' }}>
        {shown === null ? (
          <End onboarding={onboarding} heading={heading} onChoose={setChosen} />
        ) : (
          <Stack gap="lg">
            <div>
              <Text fz="sm" c="dimmed">
                {own.progress(
                  onboarding.steps.findIndex(({ step }) => step === shown) + 1,
                  onboarding.steps.length,
                )}
              </Text>
              <Title order={2} tabIndex={-1} ref={heading} style={{ outline: 'none' }}>
                {titleOf(shown, own)}
              </Title>
            </div>
            {isTheirs(shown) ? stepOf(shown, () => setChosen(null)) : <Text>{own.notYours}</Text>}
            <Fault error={later.error} />
            <Button
              variant="subtle"
              loading={later.isPending}
              onClick={() => void wait(shown).catch(() => {})}
            >
              {isTheirs(shown) ? own.later : own.next}
            </Button>
          </Stack>
        )}
      </Paper>
    </Stack>
  )
}

function titleOf(step: Step, own: ReturnType<typeof useWords>['words']['account']['welcome']): string {
  const titles: Record<Step, string> = {
    verify_email: own.verifyTitle,
    name_account: own.nameTitle,
    invite: own.inviteTitle,
    choose_plan: own.planTitle,
  }
  return titles[step]
}

function stepOf(step: Step, onDone: () => void): ReactNode {
  switch (step) {
    case 'verify_email':
      return <VerifyStep onDone={onDone} />
    case 'name_account':
      return <NameStep onDone={onDone} />
    case 'invite':
      return <InviteStep onDone={onDone} />
    case 'choose_plan':
      return <ChoosePlanStep />
  }
}

interface EndProps {
  onboarding: Onboarding
  heading: React.RefObject<HTMLHeadingElement | null>
  onChoose: (step: Step) => void
}

function End({ onboarding, heading, onChoose }: EndProps) {
  const { words } = useWords()
  const { account } = useSession()
  const left = onboarding.steps.filter(({ done }) => !done)
  const own = words.account.welcome
  return (
    <Stack gap="lg">
      <div>
        <Title order={2} tabIndex={-1} ref={heading} style={{ outline: 'none' }}>
          {left.length > 0 ? own.openTitle : own.doneTitle}
        </Title>
        <Text c="dimmed">{left.length > 0 ? own.openLead : own.doneLead(account?.name ?? '')}</Text>
      </div>
      {left.length > 0 && (
        <Stack gap="xs" align="flex-start">
          {left.map(({ step }) => (
            <Button key={step} variant="default" size="xs" onClick={() => onChoose(step)}>
              {own.names[step]}
            </Button>
          ))}
        </Stack>
      )}
      {productUrl ? (
        <Button component="a" href={productUrl}>
          {own.toProduct(productName)}
        </Button>
      ) : (
        <Button component={Link} to="/account">
          {own.toAccount}
        </Button>
      )}
    </Stack>
  )
}

/** Takes the focus to the head of what has come in place of something else. */
function useFocusOn(shown: Step | null) {
  const heading = useRef<HTMLHeadingElement>(null)
  const last = useRef(shown)
  useEffect(() => {
    if (last.current !== shown) heading.current?.focus()
    last.current = shown
  }, [shown])
  return heading
}
