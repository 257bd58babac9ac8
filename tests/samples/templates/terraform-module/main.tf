module "worker" {
  source  = "terraform-aws-modules/lambda/aws"
  version = "~> 8.0"

  function_name = "worker"
  handler       = "worker.handler"
  runtime       = "python3.12"
  timeout       = 60
  source_path   = "${path.module}/src/worker"

  environment_variables = {
    QUEUE = aws_sqs_queue.jobs.url
  }
}

module "layer" {
  source          = "terraform-aws-modules/lambda/aws"
  create_function = false
  create_layer    = true
  layer_name      = "shared"
  source_path     = "./layer"
}

resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}
