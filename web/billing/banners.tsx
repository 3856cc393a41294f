/** What a member should know before anything else: that a trial ends, that a payment failed. */
export function Banners() {
  return null
}
