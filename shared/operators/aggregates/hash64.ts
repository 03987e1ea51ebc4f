/** Two halves of 32 bits. */
export type Hash64 = { readonly high: number; readonly low: number }

/**
 * 64 bits of a text, of its UTF-16 code units: two lanes with a multiplication each, mixed into one another at the end (the finishing
 * steps of murmur3). Stable across versions and machines, since sketches that are stored hold registers made of it. Not for secrets.
 */
export function hash64(text: string): Hash64 {
  let a = 0x9e3779b9
  let b = 0x85ebca77
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 0x85ebca6b)
    b = Math.imul(b ^ unit, 0xc2b2ae35)
    a = (a << 13) | (a >>> 19)
    b = (b << 17) | (b >>> 15)
  }
  a ^= text.length
  b ^= text.length
  a = (a + b) | 0
  b = (b + a) | 0
  a = mixed(a)
  b = mixed(b)
  a = (a + b) | 0
  b = (b + a) | 0
  return { high: a >>> 0, low: b >>> 0 }
}

/** Each bit of the input changes each bit of the output half of the time. */
function mixed(h: number): number {
  const first = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35)
  return second ^ (second >>> 16)
}
