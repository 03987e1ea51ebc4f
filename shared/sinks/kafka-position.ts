/** Headers of a message that a Kafka sink wrote. */
export const writerHeader = 'millrace-writer'
export const positionHeader = 'millrace-position'

/** As Kafka's clients give headers. */
export type KafkaHeaders = Readonly<Record<string, unknown>>

/** Which message it is: messages of a writer come to a partition in the order of version and index. */
export type KafkaPosition = { readonly writer: string; readonly version: number; readonly index: number }

/** What the headers of a message of a Kafka sink say, or undefined for a message of somebody else's. */
export function kafkaPosition(headers: KafkaHeaders | undefined): KafkaPosition | undefined {
  const writer = textOf(headers?.[writerHeader])
  const [, version, index] = /^(\d{1,15})\/(\d{1,15})$/.exec(textOf(headers?.[positionHeader]) ?? '') ?? []
  if (writer === undefined || version === undefined) return undefined
  return { writer, version: Number(version), index: Number(index) }
}

/**
 * Tells repeated messages of Kafka sinks: a retry writes messages again, behind what the partition has already. It remembers one position
 * for each partition and writer; a reader that is to go on after a restart keeps them with its offsets.
 *
 * ```ts
 * const repeats = new KafkaRepeats()
 * const eachMessage = async ({ partition, message }) => {
 *   if (repeats.isRepeat(partition, message.headers)) return
 *   console.log(message.value)
 * }
 * ```
 */
export class KafkaRepeats {
  readonly #highest = new Map<string, KafkaPosition>()

  /** To be asked of each message once, in the order of its partition. A message without positions is never one. */
  isRepeat(partition: number, headers: KafkaHeaders | undefined): boolean {
    const position = kafkaPosition(headers)
    if (position === undefined) return false
    const lane = `${partition}/${position.writer}`
    const highest = this.#highest.get(lane)
    if (highest !== undefined && compare(position, highest) <= 0) return true
    this.#highest.set(lane, position)
    return false
  }
}

const compare = (a: KafkaPosition, b: KafkaPosition): number => a.version - b.version || a.index - b.index

const textOf = (header: unknown): string | undefined =>
  header instanceof Uint8Array ? Buffer.from(header).toString('utf8') : typeof header === 'string' ? header : undefined
