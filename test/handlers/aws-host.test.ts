import assert from 'node:assert/strict'
import { test } from 'node:test'
import { awsHosts } from '../../functions/aws-host.ts'

test('a function without a table, or with streams that are no names, stops the deployment with a sentence', () => {
  assert.throws(() => awsHosts({}), {
    name: 'StopDeploymentError',
    message: 'Cannot run on AWS: MILLRACE_TABLE is not set, expected the name of a DynamoDB table',
  })
  for (const streams of ['trades', '["trades"]', '{"trades":1}', '{"trades":""}', 'null']) {
    assert.throws(() => awsHosts({ MILLRACE_TABLE: 'orders', MILLRACE_STREAMS: streams }), {
      name: 'StopDeploymentError',
      message: `Cannot run on AWS: MILLRACE_STREAMS is "${streams}", expected a JSON object of the streams' names, as {"trades":"prod-trades"}`,
    })
  }
})
