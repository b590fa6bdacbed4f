/**
 * The judge's own copy of the rule that divides followers by percent, written apart from the product's: a follower has the same
 * number from 0 to 9,999 for a fork at every entry. FNV-1a of 32 bits with the finish of MurmurHash3.
 */
export function shareOf(appId: string, openId: string, campaign: string, fork: string): number {
  const seed = mixed(`${appId}\n${openId}\n${campaign}`)
  return Number(mixed(`${seed}\n${fork}`) % 10_000n)
}

const BITS = 0xffff_ffffn

function mixed(text: string): bigint {
  let hash = 2_166_136_261n
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * 16_777_619n) & BITS
  hash = ((hash ^ (hash >> 16n)) * 2_246_822_507n) & BITS
  hash = ((hash ^ (hash >> 13n)) * 3_266_489_909n) & BITS
  return hash ^ (hash >> 16n)
}
