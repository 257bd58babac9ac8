"""TARGETs of CloudFormation stacks and of template files: the options --stack, --template and --parameter."""
