import { useSession } from '@frontgate/client/react'
import { NavLink, Text } from '@mantine/core'
import { IconListCheck } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useWords } from '../../words/words.ts'
import { isAtLeast } from '../roles.ts'
import { useOnboarding } from './useOnboarding.ts'

/** The way back to the first steps, while some are left. */
export function SetUpLink({ onClick }: { onClick: () => void }) {
  const { words } = useWords()
  const { account } = useSession()
  const { data } = useOnboarding()
  if (!data || !isAtLeast(account?.role, 'admin')) return null
  const done = data.steps.filter((step) => step.done).length
  if (done === data.steps.length) return null
  const own = words.account.welcome
  return (
    <NavLink
      component={Link}
      to="/welcome"
      label={own.resume}
      leftSection={<IconListCheck size={18} stroke={1.6} aria-hidden />}
      rightSection={
        <Text span fz="xs" c="dimmed">
          {own.resumeCount(done, data.steps.length)}
        </Text>
      }
      onClick={onClick}
      style={{ borderRadius: 8 }}
    />
  )
}
