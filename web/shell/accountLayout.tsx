import { useSession } from '@frontgate/client/react'
import { AppShell, Burger, Group, NavLink, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import {
  IconArrowLeft,
  IconChartBar,
  IconCreditCard,
  IconLock,
  IconSettings,
  IconUsers,
} from '@tabler/icons-react'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { Fragment, useEffect, useRef } from 'react'
import { AccountMenu } from '../account/accountMenu.tsx'
import { NeedsFactor } from '../account/needsFactor.tsx'
import { NoAccount } from '../account/noAccount.tsx'
import { SetUpLink } from '../account/onboarding/setUpLink.tsx'
import { Banners } from '../billing/banners.tsx'
import { productName, productUrl } from '../settings.ts'
import { useWords } from '../words/words.ts'
import { Brand } from './brand.tsx'
import { Failed } from './failed.tsx'
import { Footer } from './footer.tsx'
import { GoOnce } from './goOnce.tsx'
import { Loading } from './loading.tsx'

/** What a user has without an account too. */
const ownPlaces = ['/account', '/security']

/** The pages of whoever is signed in; all others are asked to sign in, and come back here. */
export function AccountLayout() {
  const { words } = useWords()
  const { status, account, user, needsSecondFactor, problem } = useSession()
  const { href, pathname } = useLocation()
  const [isOpen, { toggle, close }] = useDisclosure()
  const content = useFocusOnArrival(pathname)
  if (status === 'loading') return problem ? <Failed error={problem} /> : <Loading />
  if (status === 'signed-out') return <GoOnce to="/sign-in" search={{ return_to: href }} />
  const isEntered = account !== null && !needsSecondFactor
  const places = [
    { to: '/billing', label: words.shell.billing, icon: IconCreditCard },
    { to: '/usage', label: words.shell.usage, icon: IconChartBar },
    { to: '/members', label: words.shell.members, icon: IconUsers },
    { to: '/account', label: words.shell.account, icon: IconSettings },
    { to: '/security', label: words.shell.security, icon: IconLock },
  ].filter(({ to }) => isEntered || ownPlaces.includes(to))
  // The first steps have the page to themselves.
  const isAside = pathname === '/welcome'
  const isOpenHere = isEntered || ownPlaces.includes(pathname)
  return (
    <>
      <a href="#content" className="skip">
        {words.shell.skip}
      </a>
      <AppShell
        header={{ height: 60 }}
        {...(!isAside && { navbar: { width: 240, breakpoint: 'sm', collapsed: { mobile: !isOpen } } })}
        padding={{ base: 'md', sm: 'lg' }}
      >
        <AppShell.Header>
          <Group h="100%" px="md" justify="space-between" wrap="nowrap">
            <Group gap="sm" wrap="nowrap" style={{ minWidth: 0 }}>
              {!isAside && (
                <Burger
                  opened={isOpen}
                  onClick={toggle}
                  hiddenFrom="sm"
                  size="sm"
                  aria-label={words.shell.menu}
                  aria-expanded={isOpen}
                />
              )}
              <Brand />
            </Group>
            <AccountMenu />
          </Group>
        </AppShell.Header>
        {!isAside && (
          <AppShell.Navbar p="sm" aria-label={words.shell.menu}>
            <Stack gap={2}>
              {places.map(({ to, label, icon: Icon }) => {
                const isHere = pathname === to || pathname.startsWith(`${to}/`)
                return (
                  <NavLink
                    key={to}
                    component={Link}
                    to={to}
                    label={label}
                    active={isHere}
                    aria-current={isHere ? 'page' : undefined}
                    leftSection={<Icon size={18} stroke={1.6} aria-hidden />}
                    onClick={close}
                    style={{ borderRadius: 8 }}
                  />
                )
              })}
              {isEntered && <SetUpLink onClick={close} />}
              {productUrl && (
                <NavLink
                  href={productUrl}
                  label={words.shell.backTo(productName)}
                  leftSection={<IconArrowLeft size={18} stroke={1.6} aria-hidden />}
                  mt="md"
                  style={{ borderRadius: 8 }}
                />
              )}
            </Stack>
          </AppShell.Navbar>
        )}
        <AppShell.Main id="content" tabIndex={-1} ref={content} style={{ outline: 'none' }}>
          <Stack maw={880} mx="auto" gap="lg" mih="70vh">
            {/* What is shown is of one user in one account: of another, it begins anew. */}
            <Fragment key={`${user?.id} ${account?.id}`}>
              {isEntered && !isAside && <Banners />}
              {isOpenHere ? <Outlet /> : account ? <NeedsFactor /> : <NoAccount />}
            </Fragment>
          </Stack>
          <Footer />
        </AppShell.Main>
      </AppShell>
    </>
  )
}

/** Has whoever goes to another page by keyboard, or hears it read, begin at its content. */
function useFocusOnArrival(pathname: string) {
  const content = useRef<HTMLElement>(null)
  const last = useRef(pathname)
  useEffect(() => {
    if (last.current !== pathname) content.current?.focus({ preventScroll: true })
    last.current = pathname
  }, [pathname])
  return content
}
