import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completeSettings, type MappingSettings } from '../../local/event-source/settings.ts'

const settings: MappingSettings = { name: 'm', stream: 's', startingPosition: 'LATEST' }

test("defaults are Lambda's", () => {
  assert.deepEqual(completeSettings(settings), {
    ...settings,
    batchSize: 100,
    maximumBatchingWindowInSeconds: 0,
    functionResponseTypes: [],
    bisectBatchOnFunctionError: false,
    maximumRetryAttempts: -1,
    maximumRecordAgeInSeconds: -1,
    functionTimeoutMs: 60_000,
  })
})

test('a number that Lambda refuses is refused with a sentence', () => {
  const refused: Partial<MappingSettings>[] = [
    { batchSize: 0 },
    { batchSize: 10_001 },
    { batchSize: 1.5 },
    { maximumBatchingWindowInSeconds: 301 },
    { maximumRetryAttempts: -2 },
    { maximumRecordAgeInSeconds: 59 },
    { functionTimeoutMs: 900_001 },
  ]
  for (const wrong of refused) {
    assert.throws(() => completeSettings({ ...settings, ...wrong }), {
      name: 'ConfigurationError',
      message: /^Cannot make mapping "m": /,
    })
  }
  assert.throws(() => completeSettings({ ...settings, batchSize: 0 }), {
    message: 'Cannot make mapping "m": batchSize is 0, 1 to 10000 would be right',
  })
})
