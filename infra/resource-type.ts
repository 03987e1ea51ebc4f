import { CfnResource } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'

/** Whether a construct is a resource of this type. Not by its class: the app may have a copy of the CDK of its own, whose classes are others. */
export const isResource = <T>(construct: IConstruct | undefined, type: ResourceType<T>): construct is IConstruct & T =>
  CfnResource.isCfnResource(construct) && construct.cfnResourceType === type.CFN_RESOURCE_TYPE_NAME

/** A class of the CDK's for a resource, as `CfnStream`. */
type ResourceType<T> = { readonly CFN_RESOURCE_TYPE_NAME: string; readonly prototype: T }
