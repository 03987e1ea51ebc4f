import { KplWriter } from '../../shared/codecs/kpl-writer.ts'
import type { PutRecord } from '../../shared/ports/streams.ts'
import { placeInFile } from '../../shared/sources/file-letter.ts'
import type { FileRecord } from '../../shared/sources/line-collector.ts'

/**
 * Many records to a Kinesis record in the KPL's format, keyed by the name of where they are from and the place of the first: so each of them has
 * a place, see run/line-places.
 */
export function packed(name: string, records: readonly FileRecord[]): PutRecord[] {
  const writer = new KplWriter()
  const put: PutRecord[] = []
  let key = ''
  let next = 0
  const flush = (): void => {
    if (writer.count > 0) put.push({ data: writer.finish(), partitionKey: key })
  }
  for (const { place, data } of records) {
    // The places of an aggregate follow one another.
    if (place !== next || writer.count === 0 || writer.add(key, data) === 'full') {
      flush()
      key = placeInFile(name, place)
      writer.add(key, data)
    }
    next = place + 1
  }
  flush()
  return put
}
