"""The files that people deploy functions with: SAM, CloudFormation, CDK, Serverless and Terraform."""
