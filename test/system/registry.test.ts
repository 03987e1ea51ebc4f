import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Context, LambdaFunctionURLEvent } from 'aws-lambda'
import { lambdaContext } from '../../local/testing/lambda-context.ts'
import { onEmulatedAws } from '../aws/aws-test.ts'

const on = await onEmulatedAws()
Object.assign(process.env, {
  MILLRACE_TABLE: on.table,
  MILLRACE_REGISTRY: 'team',
  AWS_ENDPOINT_URL: on.aws.endpoint,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
})
const { handler } = await import('../../functions/system/registry.ts')

/** What Lambda hands over for a call of a function URL. */
function call(method: string, path: string, body?: string, isBase64Encoded = false): ReturnType<typeof handler> {
  const [rawPath, rawQueryString = ''] = path.split('?')
  const event = { rawPath, rawQueryString, body, isBase64Encoded, requestContext: { http: { method } } }
  return handler(event as unknown as LambdaFunctionURLEvent, lambdaContext() as Context)
}

test('the function answers calls of its URL by the registry in its table', async () => {
  const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' }
  const body = '{"schema":"\\"int\\""}'
  const registered = { statusCode: 200, headers, body: '{"id":1}' }
  assert.deepEqual(await call('POST', '/subjects/a%2Fb/versions', body), registered)
  assert.deepEqual(
    await call('POST', '/subjects/a%2Fb/versions', Buffer.from(body).toString('base64'), true),
    registered,
  )
  assert.deepEqual(await call('GET', '/subjects?subjectPrefix=a'), { statusCode: 200, headers, body: '["a/b"]' })
  assert.deepEqual(await call('GET', '/schemas/ids/2'), {
    statusCode: 404,
    headers,
    body: '{"error_code":40403,"message":"Schema 2 not found"}',
  })
})

test('what the table does not do is an answer', async () => {
  on.aws.decide = () => ({ error: 'ResourceNotFoundException' })
  const answer = await call('GET', '/subjects')
  assert.ok(typeof answer === 'object')
  assert.equal(answer.statusCode, 500)
  assert.match(
    answer.body ?? '',
    /"error_code":50001,"message":"Error in the backend data store: Cannot list the schema registry/,
  )
})
