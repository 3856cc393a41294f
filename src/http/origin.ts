import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'

const LONGEST_USER_AGENT = 300

/**
 * The address as it is stored: IPv4 in its own form also where it arrived mapped into IPv6, without the port or
 * zone that some proxies add; null for what is no address, such as the `unknown` of RFC 7239, or none where the client
 * has left.
 */
export function plainAddress(ip: string | undefined): string | null {
  if (ip === undefined) return null
  if (isIPv4(ip)) return ip
  const [, bracketed] = ip.match(/^\[(.+)\](?::\d+)?$/) ?? []
  const [, withPort] = ip.match(/^([\d.]+):\d+$/) ?? []
  const bare = (bracketed ?? withPort ?? ip).replace(/%.*$/, '')
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toString() : null
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
