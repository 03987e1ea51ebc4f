import { type Random, randomOf } from './random.ts'

export const eventKinds = ['person', 'auction', 'bid'] as const
export type EventKind = (typeof eventKinds)[number]

/** An event as its JSON line with a newline; `timeMs` is its event time, in milliseconds since 1970. */
export type MadeEvent = { readonly kind: EventKind; readonly line: string; readonly timeMs: number }

const firstMs = Date.UTC(2015, 6, 15)
/** Of fifty events, one is a person, three are auctions, and the others bids. */
const proportions = { person: 1, auction: 3, all: 50 } as const
const firstId = 1_000
const firstCategory = 10
const categories = 5
/** Ids so far ahead of the newest one are drawn too: whose person or auction comes later. */
const idLead = 10
const activePeople = 1_000
const auctionsInFlight = 100
/** The first of each hundred auctions and persons is hot, as a seller; as a bidder the second. */
const hotEvery = 100
/** All but one in so many are of the hot one. */
const hotRatios = { auction: 2, seller: 4, bidder: 4, channel: 2 } as const
const channelCount = 10_000
const averageBytes = { person: 200, auction: 500, bid: 100 } as const

const states = ['AZ', 'CA', 'ID', 'OR', 'WA', 'WY']
const cities = 'Phoenix,Los Angeles,San Francisco,Boise,Portland,Bend,Redmond,Seattle,Kent,Cheyenne'.split(',')
const firstNames = 'Peter,Paul,Luke,John,Saul,Vicky,Kate,Julie,Sarah,Deiter,Walter'.split(',')
const lastNames = 'Shultz,Abrams,Spencer,White,Bartels,Walton,Smith,Jones,Noris'.split(',')

type Channel = { readonly name: string; readonly url: string }

/** Makes the events of a seed, one after the other: what an event is depends on all before it. */
export class EventMaker {
  readonly #random: Random
  /** Another one, so that delays change the order of events alone. */
  readonly #delays: Random
  readonly #rate: number
  readonly #letters: string
  readonly #hotChannels: readonly Channel[]
  readonly #channels: readonly Channel[]
  #clockMs = Number.NaN
  #clockText = ''

  /** `rate` is events in a second of event time. */
  constructor(seed: number, rate: number) {
    this.#random = randomOf(seed)
    this.#delays = randomOf(seed)
    this.#rate = rate
    this.#letters = Array.from({ length: 1 << 16 }, () => letter(this.#random)).join('')
    this.#hotChannels = ['Google', 'Facebook', 'Baidu', 'Apple'].map(name => ({ name, url: this.#url() }))
    this.#channels = Array.from({ length: channelCount }, (_, i) => {
      const url = this.#url()
      const hasId = this.#random.below(10) > 0
      return { name: `channel-${i}`, url: hasId ? `${url}&channel_id=${Math.abs(reversed(i))}` : url }
    })
  }

  /** The `number`-th event, counted from 0. */
  event(number: number): MadeEvent {
    const timeMs = this.#timeOf(number)
    const offset = number % proportions.all
    if (offset < proportions.person) return { kind: 'person', timeMs, line: this.#person(number, timeMs) }
    if (offset < proportions.person + proportions.auction)
      return { kind: 'auction', timeMs, line: this.#auction(number, timeMs) }
    return { kind: 'bid', timeMs, line: this.#bid(number, timeMs) }
  }

  /** How much later than it happened an event comes. */
  delayMs(bound: number): number {
    return bound === 0 ? 0 : this.#delays.below(bound)
  }

  #person(number: number, timeMs: number): string {
    const id = lastPerson(number) + firstId
    const name = `${this.#pick(firstNames)} ${this.#pick(lastNames)}`
    const email = `${this.#text(7)}@${this.#text(5)}.com`
    const card = Array.from({ length: 4 }, () => String(this.#random.below(10_000)).padStart(4, '0')).join(' ')
    const city = this.#pick(cities)
    const state = this.#pick(states)
    const extra = this.#extra(10 + name.length + email.length + card.length + city.length, averageBytes.person)
    return `{"id":${id},"name":"${name}","emailAddress":"${email}","creditCard":"${card}","city":"${city}","state":"${state}","dateTime":"${this.#clock(timeMs)}","extra":"${extra}"}\n`
  }

  #auction(number: number, timeMs: number): string {
    const isHot = this.#random.below(hotRatios.seller) > 0
    const seller = isHot ? hot(lastPerson(number)) : this.#somePerson(number)
    const category = firstCategory + this.#random.below(categories)
    const initialBid = this.#price()
    const expires = timeMs + this.#lengthMs(number, timeMs)
    const name = this.#text(20)
    const description = this.#text(100)
    const reserve = initialBid + this.#price()
    const extra = this.#extra(48 + name.length + description.length, averageBytes.auction)
    return `{"id":${lastAuction(number) + firstId},"itemName":"${name}","description":"${description}","initialBid":${initialBid},"reserve":${reserve},"dateTime":"${this.#clock(timeMs)}","expires":"${new Date(expires).toISOString()}","seller":${seller + firstId},"category":${category},"extra":"${extra}"}\n`
  }

  #bid(number: number, timeMs: number): string {
    const isHotAuction = this.#random.below(hotRatios.auction) > 0
    const auction = isHotAuction ? hot(lastAuction(number)) : this.#someAuction(number)
    const isHotBidder = this.#random.below(hotRatios.bidder) > 0
    const bidder = isHotBidder ? hot(lastPerson(number)) + 1 : this.#somePerson(number)
    const price = this.#price()
    const isHotChannel = this.#random.below(hotRatios.channel) > 0
    const { name, url } = this.#pick(isHotChannel ? this.#hotChannels : this.#channels)
    const extra = this.#extra(32, averageBytes.bid)
    return `{"auction":${auction + firstId},"bidder":${bidder + firstId},"price":${price},"channel":"${name}","url":"${url}","dateTime":"${this.#clock(timeMs)}","extra":"${extra}"}\n`
  }

  #timeOf(number: number): number {
    return firstMs + Math.floor((number * 1_000) / this.#rate)
  }

  /** Neighbours mostly share the millisecond. */
  #clock(timeMs: number): string {
    if (timeMs !== this.#clockMs) {
      this.#clockMs = timeMs
      this.#clockText = new Date(timeMs).toISOString()
    }
    return this.#clockText
  }

  #somePerson(number: number): number {
    const people = lastPerson(number) + 1
    const active = Math.min(people, activePeople)
    return people - active + this.#random.below(active + idLead)
  }

  #someAuction(number: number): number {
    const last = lastAuction(number)
    const first = Math.max(last - auctionsInFlight, 0)
    return first + this.#random.below(last - first + 1 + idLead)
  }

  /** On average as long as the auctions in flight take to be made. */
  #lengthMs(number: number, timeMs: number): number {
    const ahead = Math.floor((auctionsInFlight * proportions.all) / proportions.auction)
    return 1 + this.#random.below(Math.max(1, 2 * (this.#timeOf(number + ahead) - timeMs)))
  }

  /** From 1.00 to 1,000,000.00 in cents, each power of ten as likely as the next. */
  #price(): number {
    const power = decades[this.#random.below(6)]
    const coarse = coarsePowers[this.#random.below(steps)]
    return Math.round(power * coarse * finePowers[this.#random.below(steps)])
  }

  #url(): string {
    const folders = Array.from({ length: 3 }, () => this.#text(5, '_'))
    return `https://www.nexmark.com/${folders.join('/')}/item.htm?query=1`
  }

  /** Letters, and one in thirteen something else, 3 to `most` - 1 of them. */
  #text(most: number, special = ' '): string {
    let text = ''
    for (let left = 3 + this.#random.below(most - 3); left > 0; left--) {
      text += this.#random.below(13) === 0 ? special : letter(this.#random)
    }
    return text.trim()
  }

  /** Fills an event of `size` bytes up to the average, give or take a fifth of what is missing. */
  #extra(size: number, average: number): string {
    const missing = average - size
    if (missing <= 0) return ''
    const delta = Math.round(missing * 0.2)
    const length = missing - delta + (delta === 0 ? 0 : this.#random.below(2 * delta))
    const start = this.#random.below(this.#letters.length - length)
    return this.#letters.slice(start, start + length)
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.#random.below(choices.length)]
  }
}

/** The newest person when the `number`-th event happens, counted from 0; that person itself where the event is one. */
const lastPerson = (number: number): number => Math.floor(number / proportions.all)

/** The newest auction, likewise: -1 before the first one. */
function lastAuction(number: number): number {
  const round = Math.floor(number / proportions.all)
  const made = Math.min(Math.max((number % proportions.all) - proportions.person + 1, 0), proportions.auction)
  return round * proportions.auction + made - 1
}

const hot = (newest: number): number => Math.floor(newest / hotEvery) * hotEvery

const letter = (random: Random): string => alphabet[random.below(alphabet.length)]
const alphabet = 'abcdefghijklmnopqrstuvwxyz'

/** The 32 bits of a number in the other order, as a signed number. */
function reversed(number: number): number {
  let result = 0
  for (let bit = 0; bit < 32; bit++) result |= ((number >>> bit) & 1) << (31 - bit)
  return result
}

/** Powers of ten from square roots, as Math.pow may differ between machines: 10^(i / steps) and 10^(i / steps^2). */
const steps = 1_024
const decades = [1e2, 1e3, 1e4, 1e5, 1e6, 1e7]
const finestRoot = rootsOf(10, 20)
const finePowers = powersOf(finestRoot)
const coarsePowers = powersOf(rootsOf(10, 10))

function rootsOf(value: number, times: number): number {
  let root = value
  for (let i = 0; i < times; i++) root = Math.sqrt(root)
  return root
}

function powersOf(root: number): readonly number[] {
  const powers = [1]
  while (powers.length < steps) powers.push(powers[powers.length - 1] * root)
  return powers
}
