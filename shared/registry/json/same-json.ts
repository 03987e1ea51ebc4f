/** Whether two JSON values are the same, whatever the order of their properties. */
export function isSameJson(a: unknown, b: unknown): boolean {
  return a === b || sortedText(a) === sortedText(b)
}

/** JSON with the properties in the order of their names. */
export function sortedText(value: unknown): string | undefined {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return each
    return Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
