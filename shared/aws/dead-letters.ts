import { keyGroupOf } from '../model/key.ts'
import { checkItemSize } from '../ports/refusals.ts'
import type { DeadLetter, DeadLettersPort } from '../ports/results.ts'
import { binary, binaryOf, type Item, type Items, text, textOf } from './items.ts'

/** A pipeline's letters are spread over this many partitions. Never changes. */
export const letterBuckets = 8

/** Puts in flight at once. */
const mostAtOnce = 16

/** Dead letters in DynamoDB, each put once under its id. They do not expire: a person decides what becomes of them. */
export class DynamoDeadLetters implements DeadLettersPort {
  readonly #items: Items

  constructor(items: Items) {
    this.#items = items
  }

  async put(pipeline: string, letters: readonly DeadLetter[]): Promise<void> {
    for (let from = 0; from < letters.length; from += mostAtOnce) {
      await Promise.all(letters.slice(from, from + mostAtOnce).map(letter => this.#put(pipeline, letter)))
    }
  }

  /** Forgets letters, by their ids; those that are not there are no matter. Idempotent. */
  async remove(pipeline: string, ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += mostAtOnce) {
      await Promise.all(
        ids
          .slice(from, from + mostAtOnce)
          .map(id => this.#items.delete(`remove dead letter "${id}"`, keyOf(pipeline, id))),
      )
    }
  }

  /** In the order of their ids. */
  async list(pipeline: string): Promise<readonly DeadLetter[]> {
    const buckets = await Promise.all(
      Array.from({ length: letterBuckets }, (_, bucket) =>
        this.#items.query(`read dead letters of "${pipeline}"`, {
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': text(partitionOf(pipeline, bucket)) },
        }),
      ),
    )
    return buckets
      .flat()
      .map(letterFrom)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  async #put(pipeline: string, { payload, ...rest }: DeadLetter): Promise<void> {
    const what = `dead letter "${rest.id}"`
    const letter = JSON.stringify(rest)
    checkItemSize(what, Buffer.byteLength(letter) + payload.byteLength)
    await this.#items.put(what, {
      Item: {
        ...keyOf(pipeline, rest.id),
        letter: text(letter),
        payload: binary(payload),
      },
      ConditionExpression: 'attribute_not_exists(pk)',
    })
  }
}

const partitionOf = (pipeline: string, bucket: number): string => `letter/${pipeline}/${bucket}`

const keyOf = (pipeline: string, id: string): Item => ({
  pk: text(partitionOf(pipeline, keyGroupOf(id, letterBuckets))),
  sk: text(id),
})

function letterFrom(item: Item): DeadLetter {
  const rest: Omit<DeadLetter, 'payload'> = JSON.parse(textOf(item, 'letter'))
  return { ...rest, payload: binaryOf(item, 'payload') }
}
