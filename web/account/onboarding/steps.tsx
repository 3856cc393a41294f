import { Group, Text, ThemeIcon, UnstyledButton, VisuallyHidden } from '@mantine/core'
import { IconCheck, IconClock } from '@tabler/icons-react'
import { useWords } from '../../words/words.ts'
import { isPutOff, type Onboarding, type Step } from './useOnboarding.ts'

interface StepsProps {
  onboarding: Onboarding
  shown: Step | null
  onChoose: (step: Step) => void
}

/** All steps, how far they are, and the way to each that is left. */
export function Steps({ onboarding, shown, onChoose }: StepsProps) {
  const { words } = useWords()
  const own = words.account.welcome
  return (
    <Group component="ol" gap="xs" p={0} m={0} style={{ listStyle: 'none' }}>
      {onboarding.steps.map(({ step, done }, i) => {
        const isLater = !done && isPutOff(onboarding, step)
        const isHere = step === shown
        return (
          <li key={step} style={{ flex: '1 1 8rem' }}>
            <UnstyledButton
              w="100%"
              p="xs"
              disabled={done}
              aria-current={isHere ? 'step' : undefined}
              onClick={() => onChoose(step)}
              style={{
                display: 'flex',
                alignItems: 'center',
                gap: 8,
                borderRadius: 8,
                ...(done && { cursor: 'default' }),
                ...(isHere && {
                  background: 'light-dark(var(--mantine-color-gray-1), var(--mantine-color-dark-6))',
                }),
              }}
            >
              <ThemeIcon
                size={26}
                radius="xl"
                variant={done || isHere ? 'filled' : 'default'}
                {...(done && { color: 'green.8' })}
                aria-hidden
              >
                {done ? <IconCheck size={16} /> : isLater ? <IconClock size={16} /> : <span>{i + 1}</span>}
              </ThemeIcon>
              <Text span fz="sm" fw={isHere ? 600 : 400} lh={1.25}>
                {own.names[step]}
                {(done || isLater) && (
                  <VisuallyHidden>, {done ? own.stepDone : own.stepLater}</VisuallyHidden>
                )}
              </Text>
            </UnstyledButton>
          </li>
        )
      })}
    </Group>
  )
}
