import { Button, type ButtonProps } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

interface LinkButtonProps extends ButtonProps {
  to: string
  search?: Record<string, string>
  'aria-label'?: string
  children: ReactNode
}

/** A button that leads to another of these pages. */
export function LinkButton({ to, search = {}, children, ...props }: LinkButtonProps) {
  return (
    <Button component={Link} to={to} search={search as never} fullWidth {...props}>
      {children}
    </Button>
  )
}
