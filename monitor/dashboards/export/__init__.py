"""A dashboard and its alarms as resources of CloudFormation, SAM, Terraform or the CDK."""
