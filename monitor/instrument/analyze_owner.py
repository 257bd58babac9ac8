"""Which tool deploys a function, by the function's tags."""

from collections.abc import Mapping

_STACK = "aws:cloudformation:stack-name"
# Terraform sets no tag by itself; people set one of these to its name.
_TOOL_KEYS = {"managed_by", "managedby", "created_by", "createdby", "deployed_by", "provisioner", "iac", "tool"}
_TERRAFORM = {"terraform", "opentofu"}
_NO = {"false", "no", "0", ""}


def owner(tags: Mapping[str, str]) -> str:
    """The tool and its stack, such as `the stack images (SAM)`; empty where no tag tells."""
    if stack := tags.get(_STACK):
        tool = " (SAM)" if tags.get("lambda:createdBy") == "SAM" else " (Serverless)" if "STAGE" in tags else ""
        return f"the stack {stack}{tool}"
    if any(_is_terraform(key.lower().replace("-", "_"), value.lower()) for key, value in tags.items()):
        return "Terraform"
    return f"the Pulumi project {tags['pulumi:project']}" if "pulumi:project" in tags else ""


def _is_terraform(key: str, value: str) -> bool:
    return (key in _TERRAFORM and value not in _NO) or (key in _TOOL_KEYS and value in _TERRAFORM)
