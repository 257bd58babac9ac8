variable "stage" {
  type    = string
  default = "dev"
}

variable "table_arn" {
  type = string
}
