import { Box, Flex, Group } from '@mantine/core'
import { Outlet } from '@tanstack/react-router'
import { Brand } from './brand.tsx'
import { Footer } from './footer.tsx'

/** The logo above, what it is about in the middle. Pages choose how wide they are: `Card` is what forms stand in. */
export function VisitorLayout() {
  return (
    <Flex
      direction="column"
      mih="100vh"
      bg="light-dark(var(--mantine-color-gray-0), var(--mantine-color-dark-8))"
    >
      <Group component="header" justify="center" p="lg">
        <Brand />
      </Group>
      <Box component="main" flex={1} px="md">
        <Outlet />
      </Box>
      <Footer />
    </Flex>
  )
}
