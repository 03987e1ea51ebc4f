import { everyPort } from './all-ports.ts'
import { memorySubject, sqliteSubject } from './subject.ts'

everyPort({ name: 'memory', make: memorySubject })
everyPort({ name: 'SQLite', make: sqliteSubject })
