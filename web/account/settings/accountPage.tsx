import { useSession } from '@frontgate/client/react'
import { Alert, Stack } from '@mantine/core'
import { useLocation } from '@tanstack/react-router'
import { GoOnce } from '../../shell/goOnce.tsx'
import { useWords } from '../../words/words.ts'
import { ClosedAccounts } from '../closedAccounts.tsx'
import { NeedsFactor } from '../needsFactor.tsx'
import { NoAccount } from '../noAccount.tsx'
import { PageHead } from '../pageHead.tsx'
import { AccountName } from './accountName.tsx'
import { CloseAccount } from './closeAccount.tsx'
import { DeleteUser } from './deleteUser.tsx'
import { Exports } from './exports.tsx'
import { OwnName } from './ownName.tsx'
import { SecondFactorPolicy } from './secondFactorPolicy.tsx'

/** The account itself and the user in it: names, what is kept, and the end of both. */
export function AccountPage() {
  const { words } = useWords()
  const { account, user, needsSecondFactor } = useSession()
  const { searchStr } = useLocation()
  const own = words.account
  const asked = new URLSearchParams(searchStr)
  // Linking ends here, at an address that providers' answers know; what is said of it is said beside the links.
  if (asked.get('notice') === 'linked' || asked.has('error'))
    return <GoOnce to="/security" search={Object.fromEntries(asked)} />
  if (!user) return null
  return (
    <Stack gap="lg">
      {asked.get('notice') === 'closed' && (
        <Alert color="green" role="status">
          {own.closed.done}
        </Alert>
      )}
      {account ? (
        <>
          <PageHead title={own.settings.title} lead={own.settings.lead(account.name)} />
          <ClosedAccounts />
          {needsSecondFactor ? (
            <NeedsFactor />
          ) : (
            <>
              <AccountName />
              <SecondFactorPolicy />
            </>
          )}
        </>
      ) : (
        <NoAccount />
      )}
      <OwnName />
      <Exports />
      {account && !needsSecondFactor && <CloseAccount />}
      <DeleteUser />
    </Stack>
  )
}
