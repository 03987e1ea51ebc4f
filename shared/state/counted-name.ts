/** Names of entries that count up, as texts that sort like their numbers: the digits to base 36, with how many they are before them. */
export function nameAfter(last: string | undefined): string {
  const next = last === undefined ? 0 : Number.parseInt(last.slice(1), 36) + 1
  const digits = next.toString(36)
  return `${digits.length.toString(36)}${digits}`
}
