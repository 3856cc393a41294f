import {
  ActionIcon,
  Alert,
  AppShell,
  Badge,
  Burger,
  Group,
  NavLink,
  ScrollArea,
  Stack,
  Text,
  Tooltip,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import {
  IconBook2,
  IconBuilding,
  IconChartBar,
  IconDoor,
  IconGitCompare,
  IconHistory,
  IconKey,
  IconLogout,
  IconMail,
  IconReceipt,
  IconShieldLock,
  IconUsersGroup,
  IconWebhook,
} from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, Navigate, Outlet, useLocation } from '@tanstack/react-router'
import { useSayProblem } from '../forms/useSayProblem.ts'
import { operatorClient } from '../operator/operatorClient.ts'
import { OutcomeProvider } from '../operator/outcome.tsx'
import { useOperator } from '../operator/useOperator.ts'
import { said } from '../operator/words/words.ts'
import { useWords } from '../words/words.ts'
import { Brand } from './brand.tsx'
import { Failed } from './failed.tsx'
import { Footer } from './footer.tsx'
import { Loading } from './loading.tsx'
import { VisitorLayout } from './visitorLayout.tsx'

const SIGN_IN = '/operator/sign-in'
const SECURITY = '/operator/security'

/** The pages of staff, who sign in by themselves: a session of a member opens none of them. */
export function OperatorLayout() {
  const { words } = useWords()
  const { status, operator, hasToSetUp, problem } = useOperator()
  const { pathname } = useLocation()
  const [isOpen, { toggle, close }] = useDisclosure()
  const queries = useQueryClient()
  const say = useSayProblem()
  const signOut = useMutation({
    mutationFn: () => operatorClient.signOut(),
    onSuccess: () => queries.removeQueries({ queryKey: ['operator'] }),
  })
  if (pathname === SIGN_IN) return <VisitorLayout />
  if (status === 'loading') {
    return problem ? <Failed error={problem} reset={() => void operatorClient.ready()} /> : <Loading />
  }
  if (status === 'signed-out') return <Navigate to={SIGN_IN} replace />
  if (hasToSetUp && pathname !== SECURITY) return <Navigate to={SECURITY} replace />
  const isAdmin = operator?.role === 'admin'
  const open = places.filter(({ to, forAdmins }) => (hasToSetUp ? to === SECURITY : isAdmin || !forAdmins))
  return (
    <OutcomeProvider>
      <AppShell
        header={{ height: 56 }}
        navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
        padding="lg"
      >
        <AppShell.Header>
          <Group h="100%" px="md" justify="space-between" wrap="nowrap">
            <Group gap="sm" wrap="nowrap" flex="none">
              <Burger
                opened={isOpen}
                onClick={toggle}
                hiddenFrom="sm"
                size="sm"
                aria-label={words.shell.menu}
                aria-expanded={isOpen}
              />
              <Brand />
              <Badge variant="default" tt="none" fw={500} visibleFrom="xs">
                {said.name}
              </Badge>
            </Group>
            <Group gap="xs" wrap="nowrap" miw={0}>
              <Text fz="sm" c="dimmed" truncate title={operator?.email}>
                {operator?.email}
              </Text>
              {operator && (
                <Badge variant="default" tt="none" fw={500} visibleFrom="xs" flex="none">
                  {said.roles[operator.role]}
                </Badge>
              )}
              <Tooltip label={words.shell.signOut}>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size="lg"
                  aria-label={words.shell.signOut}
                  loading={signOut.isPending}
                  onClick={() => signOut.mutate()}
                >
                  <IconLogout size={18} aria-hidden />
                </ActionIcon>
              </Tooltip>
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar aria-label={words.shell.menu}>
          <ScrollArea p="sm">
            <Stack gap={2}>
              {open.map(({ to, label, icon: Icon }) => {
                const isHere = isAt(pathname, to)
                return (
                  <NavLink
                    key={to}
                    component={Link}
                    to={to}
                    activeOptions={{ exact: true }}
                    label={label}
                    active={isHere}
                    aria-current={isHere ? 'page' : undefined}
                    leftSection={<Icon size={18} stroke={1.6} aria-hidden />}
                    onClick={close}
                  />
                )
              })}
            </Stack>
          </ScrollArea>
        </AppShell.Navbar>
        <AppShell.Main>
          <Stack maw={1120} mx="auto" gap="lg">
            {signOut.isError && (
              <Alert
                color="red"
                variant="outline"
                role="alert"
                bg="var(--mantine-color-body)"
                pos="sticky"
                top="calc(var(--app-shell-header-height) + 8px)"
                style={{ zIndex: 1 }}
              >
                {say(signOut.error)}
              </Alert>
            )}
            <Outlet />
          </Stack>
          <Footer />
        </AppShell.Main>
      </AppShell>
    </OutcomeProvider>
  )
}

const places: { to: string; label: string; icon: typeof IconKey; forAdmins?: true }[] = [
  { to: '/operator', label: said.places.accounts, icon: IconBuilding },
  { to: '/operator/figures', label: said.places.figures, icon: IconChartBar },
  { to: '/operator/leads', label: said.places.leads, icon: IconMail },
  { to: '/operator/stripe-events', label: said.places.stripeEvents, icon: IconReceipt },
  { to: '/operator/drift', label: said.places.drift, icon: IconGitCompare },
  { to: '/operator/webhooks', label: said.places.webhooks, icon: IconWebhook },
  { to: '/operator/product-keys', label: said.places.productKeys, icon: IconKey },
  { to: '/operator/self-serve', label: said.places.selfServe, icon: IconDoor },
  { to: '/operator/catalogue', label: said.places.catalogue, icon: IconBook2 },
  { to: '/operator/audit', label: said.places.audit, icon: IconHistory },
  { to: '/operator/operators', label: said.places.operators, icon: IconUsersGroup, forAdmins: true },
  { to: SECURITY, label: said.places.security, icon: IconShieldLock },
]

/** Single accounts are below their list. */
function isAt(pathname: string, place: string): boolean {
  return pathname === place || (place === '/operator' && pathname.startsWith('/operator/accounts/'))
}
