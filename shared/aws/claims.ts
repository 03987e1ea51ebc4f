import type { Claim, ClaimsPort } from '../ports/claims.ts'
import type { AwsHost } from './calls.ts'
import { type Items, number, text } from './items.ts'
import { partitionPrefix, secondsOf, tableKeys } from './table-keys.ts'

/** Puts in flight at once. */
const mostAtOnce = 64

/** Claims in DynamoDB, an item an id: one conditional put is the claim and its answer. Time to live takes them away. */
export class DynamoClaims implements ClaimsPort {
  readonly #items: Items
  readonly #host: AwsHost

  constructor(items: Items, host: AwsHost) {
    this.#items = items
    this.#host = host
  }

  async claim(source: string, claims: readonly Claim[], keptMs: number): Promise<readonly boolean[]> {
    const answers: boolean[] = []
    for (let from = 0; from < claims.length; from += mostAtOnce) {
      const some = claims.slice(from, from + mostAtOnce)
      answers.push(...(await Promise.all(some.map(claim => this.#claim(source, claim, keptMs)))))
    }
    return answers
  }

  async #claim(source: string, { id, place }: Claim, keptMs: number): Promise<boolean> {
    const { kind } = await this.#items.put(`the claim of "${id}" of source "${source}"`, {
      Item: {
        [tableKeys.partition]: text(`${partitionPrefix.claim(source)}${id}`),
        [tableKeys.sort]: text('claim'),
        place: text(place),
        [tableKeys.expires]: number(secondsOf(this.#host.now() + keptMs)),
      },
      ConditionExpression: 'attribute_not_exists(pk) OR place = :place',
      ExpressionAttributeValues: { ':place': text(place) },
    })
    return kind === 'written'
  }
}
