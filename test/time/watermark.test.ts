import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginningOfTime } from '../../shared/model/event-time.ts'
import { SourceWatermark } from '../../shared/time/watermark.ts'

test('a record exactly the disorder behind the latest one is in time, one millisecond more is late', () => {
  const watermark = new SourceWatermark(5_000)
  assert.equal(watermark.current, beginningOfTime)
  watermark.observe(100_000)
  assert.ok(95_000 > watermark.current)
  assert.ok(94_999 <= watermark.current)
})

test('a watermark never goes back, whoever says so', () => {
  const watermark = new SourceWatermark(0)
  assert.equal(watermark.observe(10), 9)
  assert.equal(watermark.observe(3), 9)
  assert.equal(watermark.observeWatermark(5), 9)
  assert.equal(watermark.observeWatermark(50), 50)
  assert.equal(watermark.observe(20), 50)
})
