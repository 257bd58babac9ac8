"""Dashboard bodies inside the files of other tools: CloudFormation, CDK, SAM, Terraform, and answers of CloudWatch."""
