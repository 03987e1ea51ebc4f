import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { SqliteRegistryStore } from '../../local/registry/sqlite-registry-store.ts'
import { MemoryRegistryStore } from '../../shared/registry/memory-store.ts'
import { testStore } from './store-contract.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-registry-'))
const opened: SqliteRegistryStore[] = []
after(() => {
  for (const store of opened) store.close()
  rmSync(folder, { recursive: true, force: true })
})

testStore(
  'memory',
  () => {
    const store = new MemoryRegistryStore()
    return [store, store]
  },
  1,
)

let made = 0
testStore(
  'a data folder',
  () => {
    const place = join(folder, String(made++))
    const pair = [new SqliteRegistryStore(place), new SqliteRegistryStore(place)] as const
    opened.push(...pair)
    return pair
  },
  1,
)
