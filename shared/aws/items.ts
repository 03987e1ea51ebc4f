import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  type QueryCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb'
import { type AwsHost, type CallOptions, callService, nameOf } from './calls.ts'
import type { AwsClients } from './clients.ts'

export type Item = Readonly<Record<string, AttributeValue>>

/** A refused condition is an expected outcome: `held` is the item that stands there, where the service tells it. */
export type WriteOutcome = { readonly kind: 'written' } | { readonly kind: 'refused'; readonly held: Item | undefined }

/** The pipeline's table, as far as its ports use it. Every call names what it is for, as its error says it. */
export class Items {
  readonly #clients: AwsClients
  readonly #table: string
  readonly #host: AwsHost

  constructor(clients: AwsClients, table: string, host: AwsHost) {
    this.#clients = clients
    this.#table = table
    this.#host = host
  }

  /** Puts an item if its condition holds. `what` is what the item holds. */
  async put(what: string, input: Omit<PutItemCommandInput, 'TableName'>): Promise<WriteOutcome> {
    const command = new PutItemCommand({ TableName: this.#table, ...input })
    return this.#write(`store ${what}`, options => this.#clients.dynamo.send(command, options)).catch(error => {
      if (!isTooLarge(error)) throw error
      throw new RangeError(`Cannot store ${what}: it is larger than an item of DynamoDB can be with its names`, {
        cause: error,
      })
    })
  }

  async update(doing: string, input: Omit<UpdateItemCommandInput, 'TableName'>): Promise<WriteOutcome> {
    const command = new UpdateItemCommand({ TableName: this.#table, ...input })
    return this.#write(doing, options => this.#clients.dynamo.send(command, options))
  }

  /** Deletes an item; one that is not there is no matter. */
  async delete(doing: string, key: Item): Promise<void> {
    const command = new DeleteItemCommand({ TableName: this.#table, Key: key })
    await this.#call(doing, options => this.#clients.dynamo.send(command, options))
  }

  /** Reads one item, consistently. */
  async get(doing: string, key: Item): Promise<Item | undefined> {
    const command = new GetItemCommand({ TableName: this.#table, Key: key, ConsistentRead: true })
    const { Item } = await this.#call(doing, options => this.#clients.dynamo.send(command, options))
    return Item
  }

  /** All items of a query, consistent reads of 1 MB each. */
  async query(doing: string, input: Omit<QueryCommandInput, 'TableName'>): Promise<readonly Item[]> {
    const items: Item[] = []
    let next: Record<string, AttributeValue> | undefined
    do {
      const page = { TableName: this.#table, ConsistentRead: true, ExclusiveStartKey: next, ...input }
      const { Items = [], LastEvaluatedKey } = await this.#call(doing, options =>
        this.#clients.dynamo.send(new QueryCommand(page), options),
      )
      for (const item of Items) items.push(item)
      next = LastEvaluatedKey
    } while (next !== undefined)
    return items
  }

  async #write(doing: string, send: (options: CallOptions) => Promise<unknown>): Promise<WriteOutcome> {
    try {
      await this.#call(doing, send)
      return { kind: 'written' }
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return { kind: 'refused', held: error.Item }
      throw error
    }
  }

  #call<T>(doing: string, send: (options: CallOptions) => Promise<T>): Promise<T> {
    const isExpected = (error: unknown) => error instanceof ConditionalCheckFailedException || isTooLarge(error)
    return callService(this.#host, doing, `table "${this.#table}"`, send, isExpected)
  }
}

const isTooLarge = (error: unknown): boolean =>
  nameOf(error) === 'ValidationException' && error instanceof Error && /item size/i.test(error.message)

export const text = (value: string): AttributeValue => ({ S: value })
export const number = (value: number): AttributeValue => ({ N: String(value) })
export const binary = (value: Uint8Array): AttributeValue => ({ B: value })

export function textOf(item: Item, name: string): string {
  return item[name]?.S ?? absent(item, name)
}

export function numberOf(item: Item, name: string): number {
  return Number(item[name]?.N ?? absent(item, name))
}

export function binaryOf(item: Item, name: string): Uint8Array {
  return item[name]?.B ?? absent(item, name)
}

function absent(item: Item, name: string): never {
  throw new Error(
    `Cannot read an item of partition "${item.pk?.S}": it has no attribute "${name}", was it written by something else?`,
  )
}
