import ipaddr from 'ipaddr.js'

const LONGEST_USER_AGENT = 300

/** The address as it is stored: IPv4 in its own form also where it arrived mapped into IPv6. */
export function plainAddress(ip: string): string {
  return ipaddr.isValid(ip) ? ipaddr.process(ip).toString() : ip
}

/** The network that limits count: an IPv4 address, or the /64 of an IPv6 one, since a host owns a whole /64. */
export function networkOf(ip: string): string {
  const address = ipaddr.isValid(ip) ? ipaddr.process(ip) : undefined
  if (!(address instanceof ipaddr.IPv6)) return ip
  return `${address.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`
}

/** A user agent short enough to store. */
export function shortUserAgent(header: string | undefined): string | null {
  return header ? header.slice(0, LONGEST_USER_AGENT) : null
}
