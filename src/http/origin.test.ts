import { describe, expect, test } from 'vitest'
import { networkOf, plainAddress } from './origin.ts'

describe('the address that is stored', () => {
  test.each([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['203.0.113.9:4711', '203.0.113.9'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['unknown', null],
    ['_hidden', null],
    ['', null],
    [undefined, null],
    ['203.0.113.9, 10.0.0.1', null],
  ])('%s → %s', (arrived, stored) => expect(plainAddress(arrived)).toBe(stored))
})

describe('the network that limits count', () => {
  test.each([
    ['203.0.113.9', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:ffff::', '2001:db8:1:2::/64'],
    ['', ''],
  ])('%s → %s', (address, network) => expect(networkOf(address)).toBe(network))
})
