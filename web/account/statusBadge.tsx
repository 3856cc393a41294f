import { Badge, type BadgeProps } from '@mantine/core'

interface StatusBadgeProps extends Omit<BadgeProps, 'color'> {
  /** Of the theme's. Without one it is a plain word, such as a role. */
  color?: 'green' | 'orange' | 'red'
}

/** One word about something, which is read on its ground in light and in dark. */
export function StatusBadge({ color, style, ...props }: StatusBadgeProps) {
  if (!color)
    return <Badge variant="default" radius="sm" tt="none" {...props} style={{ flexShrink: 0, ...style }} />
  const dark = `color-mix(in srgb, var(--mantine-color-${color}-9) 65%, black)`
  const letters = `light-dark(${dark}, var(--mantine-color-${color}-2))`
  return (
    <Badge
      variant="light"
      color={color}
      radius="sm"
      tt="none"
      {...props}
      style={{ flexShrink: 0, color: letters, ...style }}
    />
  )
}
