const quarterMs = 900_000
const dayMs = 86_400_000

/**
 * Days of a time zone by reading its clock each quarter of an hour: a day begins when the clock comes to its start. For times at which
 * zones kept to quarters of an hour from UTC.
 */
export class NaiveDays {
  readonly #startsAtMs: number
  readonly #format: Intl.DateTimeFormat
  readonly #starts = new Map<number, number>()

  constructor(zone: string, startsAtMs = 0) {
    this.#startsAtMs = startsAtMs
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    })
  }

  dayOf(time: number): { readonly start: number; readonly end: number } {
    let date = Math.floor(time / dayMs) - 3
    while (this.#startOf(date + 1) <= time) date++
    return { start: this.#startOf(date), end: this.#startOf(date + 1) }
  }

  #startOf(date: number): number {
    const known = this.#starts.get(date)
    if (known !== undefined) return known
    const wanted = date * dayMs + this.#startsAtMs
    let time = date * dayMs - dayMs
    while (this.#clockAt(time) < wanted) time += quarterMs
    this.#starts.set(date, time)
    return time
  }

  /** What the clock shows, as if it were UTC. */
  #clockAt(time: number): number {
    const parts = this.#format.formatToParts(time)
    const read = (type: string) => Number(parts.find(part => part.type === type)?.value)
    return Date.UTC(read('year'), read('month') - 1, read('day'), read('hour'), read('minute'))
  }
}
