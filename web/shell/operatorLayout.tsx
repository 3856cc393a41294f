import { Container } from '@mantine/core'
import { Outlet } from '@tanstack/react-router'

/** The pages of staff. */
export function OperatorLayout() {
  return (
    <Container component="main" size="lg" py="lg">
      <Outlet />
    </Container>
  )
}
