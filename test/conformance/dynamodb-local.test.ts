import { after, test } from 'node:test'
import { everyPort } from './all-ports.ts'
import { startDynamoDbLocal, whyNoDynamoDbLocal } from './dynamodb-local.ts'
import { awsSubject } from './subject.ts'

const missing = await whyNoDynamoDbLocal()

if (missing === undefined) {
  const local = await startDynamoDbLocal()
  after(() => local.close())
  const make = () => awsSubject({ table: 'orders', endpoint: local.endpoint })
  everyPort({ name: 'DynamoDB Local', make, gaps: ['streams', 'files', 'source files'] })
} else {
  test('the ports on DynamoDB Local', { skip: missing }, () => {})
}
