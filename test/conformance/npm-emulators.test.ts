import { emulateAws } from '../aws/emulated-aws.ts'
import { everyPort } from './all-ports.ts'
import { awsSubject, type Subject } from './subject.ts'

everyPort({ name: 'dynalite and kinesalite', make: emulatedSubject })

async function emulatedSubject(): Promise<Subject> {
  const aws = await emulateAws()
  const subject = await awsSubject({ table: 'orders', bucket: 'bucket', endpoint: aws.endpoint })
  return {
    ...subject,
    close: async () => {
      await subject.close()
      await aws.close()
    },
  }
}
