import { CommanderError } from 'commander'
import { ConfigurationError, describeThrown } from '../../shared/model/errors.ts'
import { UsageError } from './command-line.ts'

/** The user ended the command before it was done: what it says is no complaint, and its exit status is the signal's. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError'
  readonly signal: StopSignal
  constructor(signal: StopSignal, sentence: string) {
    super(sentence)
    this.signal = signal
  }
}

export type StopSignal = 'SIGINT' | 'SIGTERM'

/** As shells count: 128 and the signal's number. */
export const signalStatus: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 }

/** 2 when the command line or the program is wrong, 1 for every other failure. */
export function exitStatusOf(error: unknown): number {
  if (error instanceof InterruptedError) return signalStatus[error.signal]
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof UsageError || cause instanceof ConfigurationError) return 2
  }
  return 1
}

/** One line for any error: a sentence that names the thing and the way out. */
export function sentenceOf(error: unknown, help: string): string {
  const sentence = error instanceof CommanderError ? usageSentence(error, help) : ownSentence(error)
  return sentence.replace(/\s*[\r\n]+\s*/g, ' ').trim()
}

function ownSentence(error: unknown): string {
  const said = describeThrown(error)
  if (/^(Cannot|Stopped) /.test(said)) return said
  return `Cannot go on: ${said}, run again with --debug to see where it happened`
}

/** What commander says, in our words. Its messages read `error: unknown option '--x'`, then `(Did you mean --y?)` on a line of its own. */
function usageSentence({ message }: CommanderError, help: string): string {
  const [said, hint] = message.replace(/^error: /, '').split('\n')
  const meant = /^\(Did you mean (?:one of )?(.+)\?\)$/.exec(hint ?? '')?.[1]
  const way = meant === undefined ? `see ${help}` : `did you mean ${quoted(meant)}`
  return `Cannot read the command line: ${whatIsWrong(said)}, ${way}`
}

function whatIsWrong(said: string): string {
  const unknown = /^unknown (option|command) '(.+)'$/.exec(said)
  if (unknown !== null) return `there is no ${unknown[1]} "${unknown[2]}"`
  const missing = /^missing required argument '(.+)'$/.exec(said)
  if (missing !== null) return `<${missing[1]}> is missing`
  const bare = /^option '(.+)' argument missing$/.exec(said)
  if (bare !== null) return `option "${bare[1]}" needs a value`
  const many = /^too many arguments.* Expected (\d+) arguments? but got (\d+)/.exec(said)
  if (many !== null) return `it has ${many[2]} arguments, one takes ${many[1]}`
  return said.replaceAll("'", '"').replace(/\.$/, '')
}

const quoted = (names: string): string =>
  names
    .split(', ')
    .map(name => `"${name}"`)
    .join(' or ')
