import { useSession } from '@frontgate/client/react'
import { Alert, Stack } from '@mantine/core'
import { useWords } from '../../words/words.ts'
import { PageHead } from '../pageHead.tsx'
import { AddressSection } from './addressSection.tsx'
import { FactorsSection } from './factors/factorsSection.tsx'
import { PasswordSection } from './passwordSection.tsx'
import { providerTitle } from './providers.ts'
import { SessionsSection } from './sessionsSection.tsx'
import { WaysSection } from './waysSection.tsx'

/** How somebody signs in, and where they are signed in. */
export function SecurityPage() {
  const { words } = useWords()
  const { user } = useSession()
  const own = words.account.security
  if (!user) return null
  return (
    <Stack gap="lg">
      <PageHead title={own.title} lead={own.lead} />
      <Returned />
      <Needed />
      <AddressSection />
      <PasswordSection />
      <FactorsSection />
      <WaysSection />
      <SessionsSection />
    </Stack>
  )
}

/** Why somebody is led here whose account opens nothing until they add or prove a second factor. */
function Needed() {
  const { words } = useWords()
  const { account, needsSecondFactor } = useSession()
  if (!account || !needsSecondFactor) return null
  return (
    <Alert color="orange" role="status">
      {words.factor.neededTitle(account.name)}. {words.factor.neededLead}
    </Alert>
  )
}

/** What came of the way to a provider, as the address says that it came back with. */
function Returned() {
  const { words } = useWords()
  const asked = new URLSearchParams(location.search)
  const error = asked.get('error')
  if (!error) return null
  const faults = words.account.fault.oauth
  const say = Object.hasOwn(faults, error) ? faults[error] : undefined
  return (
    <Alert color="red" role="alert">
      {say?.(providerTitle(asked.get('provider'))) ?? words.account.fault.unknown}
    </Alert>
  )
}
