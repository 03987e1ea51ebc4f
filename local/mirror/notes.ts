import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { tableKeys } from '../../shared/aws/index.ts'

/** Texts by name that tools keep in a pipeline's table, beside its state. */
export class Notes {
  readonly #dynamo: DynamoDBClient
  readonly #table: string

  constructor(dynamo: DynamoDBClient, table: string) {
    this.#dynamo = dynamo
    this.#table = table
  }

  async get(name: string): Promise<string | undefined> {
    const answer = await this.#dynamo.send(
      new GetItemCommand({ TableName: this.#table, Key: keyOf(name), ConsistentRead: true }),
    )
    return answer.Item?.text?.S
  }

  async set(name: string, text: string): Promise<void> {
    await this.#dynamo.send(new PutItemCommand({ TableName: this.#table, Item: { ...keyOf(name), text: { S: text } } }))
  }
}

const keyOf = (name: string) => ({ [tableKeys.partition]: { S: 'note' }, [tableKeys.sort]: { S: name } })
