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
import { Link, Navigate, Outlet, useLocation } from '@tanstack/react-router'
import { AccountMenu } from '../account/accountMenu.tsx'
import { Banners } from '../billing/banners.tsx'
import { productName, productUrl } from '../settings.ts'
import { useWords } from '../words/words.ts'
import { Brand } from './brand.tsx'
import { Footer } from './footer.tsx'
import { Loading } from './loading.tsx'

/** The pages of whoever is signed in; all others are asked to sign in, and come back here. */
export function AccountLayout() {
  const { words } = useWords()
  const { status, account } = useSession()
  const { href, pathname } = useLocation()
  const [isOpen, { toggle, close }] = useDisclosure()
  if (status === 'loading') return <Loading />
  if (status === 'signed-out') return <Navigate to="/sign-in" search={{ return_to: href } as never} replace />
  const places = [
    { to: '/billing', label: words.shell.billing, icon: IconCreditCard },
    { to: '/usage', label: words.shell.usage, icon: IconChartBar },
    { to: '/members', label: words.shell.members, icon: IconUsers },
    { to: '/account', label: words.shell.account, icon: IconSettings },
    { to: '/security', label: words.shell.security, icon: IconLock },
  ].filter(({ to }) => account || ['/account', '/security'].includes(to))
  return (
    <AppShell
      header={{ height: 60 }}
      navbar={{ width: 240, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding="lg"
    >
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={isOpen}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={words.shell.menu}
            />
            <Brand />
          </Group>
          <AccountMenu />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" aria-label={words.shell.menu}>
        <Stack gap={2}>
          {places.map(({ to, label, icon: Icon }) => (
            <NavLink
              key={to}
              component={Link}
              to={to}
              label={label}
              active={pathname === to}
              aria-current={pathname === to ? 'page' : undefined}
              leftSection={<Icon size={18} stroke={1.6} aria-hidden />}
              onClick={close}
            />
          ))}
          {productUrl && (
            <NavLink
              href={productUrl}
              label={words.shell.backTo(productName)}
              leftSection={<IconArrowLeft size={18} stroke={1.6} aria-hidden />}
              mt="md"
            />
          )}
        </Stack>
      </AppShell.Navbar>
      <AppShell.Main>
        <Stack maw={880} mx="auto" gap="lg">
          <Banners />
          <Outlet />
        </Stack>
        <Footer />
      </AppShell.Main>
    </AppShell>
  )
}
