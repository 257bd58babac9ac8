terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 6.0" }
  }
}

locals {
  common = {
    STAGE = var.stage # dev or prod
  }
}

data "archive_file" "app" {
  type        = "zip"
  source_dir  = "${path.module}/src"
  output_path = "${path.module}/build/app.zip"
}

resource "aws_iam_role" "app" {
  name = "app-${var.stage}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Action    = "sts:AssumeRole"
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

/* The one function
   of this module. */
resource "aws_lambda_function" "app" {
  function_name    = "app-${var.stage}"
  filename         = data.archive_file.app.output_path
  source_code_hash = data.archive_file.app.output_base64sha256
  role             = aws_iam_role.app.arn
  handler          = "app.handler" # app.py
  runtime          = "python3.13"
  memory_size      = 512

  environment {
    variables = {
      TABLE = var.table_arn
      STAGE = local.common.STAGE
    }
  }
}
