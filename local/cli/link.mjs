// Run by `npm install` in a checkout: makes `npx millrace` the checkout's own command.
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const folder = join(root, 'node_modules', '.bin')
const link = join(folder, 'millrace')
mkdirSync(folder, { recursive: true })
rmSync(link, { force: true })
try {
  chmodSync(join(root, 'local/cli/bin.mjs'), 0o755)
  symlinkSync(join('..', '..', 'local', 'cli', 'bin.mjs'), link)
} catch {
  // Without symbolic links the command is `npm run millrace --`.
}
