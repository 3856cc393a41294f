import { createHmac, timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { validate as isUuid, v4 as uuidv4 } from 'uuid'
import { cookieName, setCookie } from '../access/tokensReply.ts'
import type { Config, Secret } from '../config.ts'

const DAY = 86_400_000
const REMEMBERED_DAYS = 400
const SEPARATOR = '.'
const USERS_PER_DEVICE = 5

/** A browser that signed in as this user before: it is not locked out by what strangers try (OWASP's device cookie). */
export interface KnownDevice {
  deviceId: string
  /** Whether a second factor was proved in it: a password alone makes as many devices as somebody likes. */
  isProved: boolean
}

/** What a device is remembered for. */
export interface DeviceUser {
  id: string
  /** Raised with every new password, which makes strangers of all devices. */
  credentialsVersion: number
}

/** The device of this request, if it signed in as this user since their last new password. */
export function knownDevice(request: FastifyRequest, config: Config, user: DeviceUser): KnownDevice | null {
  const read = readDevice(request, config)
  if (!read) return null
  const { deviceId, macs } = read
  const candidates = [true, false].map((isProved) => ({ deviceId, isProved }))
  return candidates.find((device) => macs.some((mac) => isMacOf(config, mac, device, user))) ?? null
}

/** The same, only if this user has proved a second factor in it. */
export function provedDevice(request: FastifyRequest, config: Config, user: DeviceUser): KnownDevice | null {
  const device = knownDevice(request, config, user)
  return device?.isProved ? device : null
}

/** Remembers the device of this request as one of the user's, and as one of those who used it before them. */
export function rememberDevice(
  reply: FastifyReply,
  config: Config,
  { user, isProved }: { user: DeviceUser; isProved: boolean },
  at: Date,
): void {
  const { deviceId, macs } = readDevice(reply.request, config) ?? { deviceId: uuidv4(), macs: [] }
  const isOfUser = (mac: string) =>
    [true, false].some((isProved) => isMacOf(config, mac, { deviceId, isProved }, user))
  const others = macs.filter((mac) => !isOfUser(mac)).slice(0, USERS_PER_DEVICE - 1)
  const value = [deviceId, macOf(config.secrets[0], { deviceId, isProved }, user), ...others].join(SEPARATOR)
  setCookie(reply, config, nameOf(config), value, new Date(at.getTime() + REMEMBERED_DAYS * DAY))
}

const nameOf = (config: Config) => cookieName(config, 'frontgate_device')

function readDevice(request: FastifyRequest, config: Config): { deviceId: string; macs: string[] } | null {
  const [deviceId, ...macs] = request.cookies[nameOf(config)]?.split(SEPARATOR) ?? []
  return deviceId && isUuid(deviceId) ? { deviceId, macs: macs.slice(0, USERS_PER_DEVICE) } : null
}

function isMacOf({ secrets }: Config, presented: string, device: KnownDevice, user: DeviceUser): boolean {
  return secrets.some((secret) => isSame(macOf(secret, device, user), presented))
}

function macOf(
  secret: Secret,
  { deviceId, isProved }: KnownDevice,
  { id, credentialsVersion }: DeviceUser,
): string {
  return createHmac('sha256', secret.reveal())
    .update(`device\0${deviceId}\0${id}\0${credentialsVersion}${isProved ? '\0proved' : ''}`)
    .digest('base64url')
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
