import { dynamodb, dynamodbChanges, pipeline, sqs, utf8 } from 'millrace'
import { handlers } from 'millrace/lambda'

/** Programs that feeds.test.ts deploys, and their handlers. */
export const words = pipeline('queue-words', ({ source }) => ({
  counts: source('lines', { codec: utf8, from: sqs() })
    .keyBy('word', line => line)
    .count('counts'),
}))

export const users = pipeline('table-users', ({ source }) => ({
  counts: source('lines', { codec: dynamodbChanges<{ id: string }>(), from: dynamodb() })
    .keyBy('user', ({ row }) => row.id)
    .count('counts'),
}))

export const { lines, word } = handlers(words)
export const { user } = handlers(users)
