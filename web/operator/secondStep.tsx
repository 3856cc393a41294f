import { FrontgateProblem } from '@frontgate/client'
import { Button, Stack } from '@mantine/core'
import { ProveForm, type Question } from '../factors/proveForm.tsx'
import { Card } from '../shell/card.tsx'
import { operatorClient } from './operatorClient.ts'
import { said } from './words/words.ts'

const { secondStep: texts } = said

/** What the service asked for in place of a session. */
export interface Asked extends Question {
  challenge: string
}

/** What was asked for, where that is why a link did not sign in. */
export function askedIn(thrown: unknown): Asked | null {
  if (!(thrown instanceof FrontgateProblem) || thrown.code !== 'second-factor-required') return null
  return thrown.members as unknown as Asked
}

interface SecondStepProps {
  asked: Asked
  onEntered: () => Promise<void>
  onAskAgain: () => void
}

/** The second step of an operator's sign-in. */
export function SecondStep({ asked, onEntered, onAskAgain }: SecondStepProps) {
  const explain = (thrown: unknown) =>
    thrown instanceof FrontgateProblem && thrown.code === 'challenge-over' ? (
      <Stack gap="xs" align="flex-start">
        {texts.over}
        <Button variant="default" size="xs" onClick={onAskAgain}>
          {said.signIn.askAgain}
        </Button>
      </Stack>
    ) : null
  return (
    <Card title={texts.title} lead={texts.lead}>
      <ProveForm
        question={asked}
        submit={texts.submit}
        onProof={async (proof) => {
          await operatorClient.proveFactor(asked.challenge, proof)
          await onEntered()
        }}
        explain={explain}
      />
    </Card>
  )
}
