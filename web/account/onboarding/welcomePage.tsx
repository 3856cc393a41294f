import { useSession } from '@frontgate/client/react'
import { Button, Paper, Skeleton, Stack, Text, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { productName, productUrl } from '../../settings.ts'
import { Failed } from '../../shell/failed.tsx'
import { carriedOn } from '../../visitor/carriedOn.ts'
import { placeToGo } from '../../visitor/placeToGo.ts'
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

function Wizard({ onboarding: all }: { onboarding: Onboarding }) {
  const { words } = useWords()
  const { account } = useSession()
  const [chosen, setChosen] = useState<Step | 'end' | null>(null)
  const later = useMutation({ mutationFn: putOff })
  // What is of the account is for those to do who may; the others have a mailbox of their own.
  const isTheirs = isAtLeast(account?.role, 'admin')
  const onboarding = isTheirs ? all : { ...all, steps: all.steps.filter(isOwn) }
  const next = chosen ?? nextOf(onboarding)
  const shown = next === 'end' ? null : next
  const heading = useFocusOn(shown)
  const own = words.account.welcome
  const isDone = onboarding.steps.some(({ step, done }) => step === shown && done)

  async function wait(step: Step): Promise<void> {
    const mayRemember = isAtLeast(account?.role, 'member')
    if (mayRemember && !isPutOff(onboarding, step)) await later.mutateAsync(step)
    setChosen(mayRemember ? null : 'end')
  }

  return (
    <Stack gap="lg">
      {isTheirs && <Steps onboarding={onboarding} shown={shown} onChoose={setChosen} />}
      <Paper withBorder radius="lg" p={{ base: 'lg', xs: 'xl' }}>
        {shown === null ? (
          <End onboarding={onboarding} heading={heading} onChoose={setChosen} />
        ) : (
          <Stack gap="lg">
            <div>
              {isTheirs && (
                <Text fz="sm" c="dimmed">
                  {own.progress(
                    onboarding.steps.findIndex(({ step }) => step === shown) + 1,
                    onboarding.steps.length,
                  )}
                </Text>
              )}
              <Title order={2} tabIndex={-1} ref={heading} style={{ outline: 'none' }}>
                {titleOf(shown, own)}
              </Title>
            </div>
            {stepOf(shown, setChosen)}
            <Fault error={later.error} />
            {!isDone && (
              <Button
                variant="subtle"
                loading={later.isPending}
                onClick={() => void wait(shown).catch(() => {})}
              >
                {own.later}
              </Button>
            )}
          </Stack>
        )}
      </Paper>
    </Stack>
  )
}

const isOwn = ({ step }: { step: Step }) => step === 'verify_email'

function titleOf(step: Step, own: ReturnType<typeof useWords>['words']['account']['welcome']): string {
  const titles: Record<Step, string> = {
    verify_email: own.verifyTitle,
    name_account: own.nameTitle,
    invite: own.inviteTitle,
    choose_plan: own.planTitle,
  }
  return titles[step]
}

function stepOf(step: Step, choose: (step: Step | null) => void): ReactNode {
  const onDone = () => choose(null)
  switch (step) {
    case 'verify_email':
      return <VerifyStep onDone={onDone} />
    case 'name_account':
      return <NameStep onDone={onDone} />
    case 'invite':
      return <InviteStep onStay={() => choose('invite')} onDone={onDone} />
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
  const wasOnTheWay = carriedOn().return_to !== undefined
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
      {wasOnTheWay ? (
        <Button component="a" href={placeToGo()}>
          {words.visitor.goOn}
        </Button>
      ) : productUrl ? (
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
