import { Presets, SingleBar } from 'cli-progress'
import type { Terminal } from './command-line.ts'
import { wholeNumber } from './numbers.ts'

export type Advance = {
  /** 0 to 1. */
  readonly fraction: number
  readonly count: number
}

/** In a pipe: at most one line in this time. */
const lineEveryMs = 5_000
/** Rates are those of the last few seconds. */
const windowMs = 3_000

/** How far long work is, on standard error: a bar on a terminal, plain lines now and then in a pipe. */
export class Progress {
  readonly #terminal: Terminal
  readonly #unit: string
  readonly #samples: (Advance & { readonly ms: number })[] = []
  #bar: SingleBar | undefined
  #lineMs = performance.now()

  /** `unit` is what is counted, in the plural. */
  constructor(terminal: Terminal, unit: string) {
    this.#terminal = terminal
    this.#unit = unit
  }

  update(advance: Advance): void {
    const ms = performance.now()
    this.#samples.push({ ...advance, ms })
    while (this.#samples.length > 2 && ms - this.#samples[0].ms > windowMs) this.#samples.shift()
    if (this.#terminal.isInteractive) this.#draw(advance)
    else if (ms - this.#lineMs >= lineEveryMs) this.#print(advance, ms)
  }

  /** Takes the bar away: what is printed next begins on a clean line. */
  stop(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }

  #draw(advance: Advance): void {
    const figures = { figures: this.#figures(advance) }
    this.#bar ??= startedBar(figures)
    this.#bar.update(Math.floor(advance.fraction * barSteps), figures)
  }

  #print(advance: Advance, ms: number): void {
    this.#lineMs = ms
    this.#terminal.err(`${Math.floor(advance.fraction * 100)}% ${this.#figures(advance)}\n`)
  }

  #figures({ fraction, count }: Advance): string {
    const [first] = this.#samples
    const last = this.#samples[this.#samples.length - 1]
    const seconds = (last.ms - first.ms) / 1000
    const rate = seconds > 0 ? (last.count - first.count) / seconds : 0
    const share = seconds > 0 ? (last.fraction - first.fraction) / seconds : 0
    const left = share > 0 ? `, about ${Math.ceil((1 - fraction) / share)} s left` : ''
    return `${wholeNumber(count)} ${this.#unit}, ${wholeNumber(rate)}/s${left}`
  }
}

const barSteps = 1_000

function startedBar(payload: object): SingleBar {
  const options = {
    format: '{bar} {percentage}% {figures}',
    barsize: 30,
    clearOnComplete: true,
    hideCursor: true,
    fps: 10,
  }
  const bar = new SingleBar(options, Presets.shades_classic)
  bar.start(barSteps, 0, payload)
  return bar
}
