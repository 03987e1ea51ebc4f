import { App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { exampleStacks } from './examples.ts'

// `npx cdk deploy orders` deploys an example; `-c prefix=mine-` keeps it apart, `-c keep-nothing=true` lets `cdk destroy` remove its data.
const app = new App()
exampleStacks(app)
Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { verbose: true }))
