import { test } from 'node:test'
import { everyPort } from './all-ports.ts'
import { awsSubject, uniqueName } from './subject.ts'

const endpoint = process.env.MILLRACE_ENDPOINT

if (endpoint === undefined || endpoint === '') {
  test('the ports on LocalStack', { skip: 'MILLRACE_ENDPOINT names no endpoint' }, () => {})
} else {
  // Each suite with a table and a bucket of its own: an emulator may have been used before.
  const make = () => awsSubject({ table: uniqueName('orders'), bucket: uniqueName('orders'), endpoint })
  everyPort({ name: 'LocalStack', make })
}
