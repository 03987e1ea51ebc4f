const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** `1,234,567` */
export const wholeNumber = (value: number): string => whole.format(value)

/** `1 line`, `2 lines` */
export const counted = (count: number, noun: string): string => `${wholeNumber(count)} ${noun}${count === 1 ? '' : 's'}`

/** `1.5 MB`; three significant digits. */
export function byteSize(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB']
  let size = bytes
  let unit = 0
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000
    unit++
  }
  return `${unit === 0 ? size : size.toPrecision(3)} ${units[unit]}`
}
