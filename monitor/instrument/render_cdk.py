"""The lines that instrument functions in a CDK app, whose code monitor does not change."""

from collections.abc import Sequence

from monitor.instrument.model_write import Wish
from monitor.kernel.entry_point import ENTRY_POINT, HANDLER_VARIABLE

_PYTHON = """\
# At the end of the app, before app.synth():
import jsii
from aws_cdk import Aspects, IAspect, Stage, aws_iam as iam, aws_lambda as lambda_


@jsii.implements(IAspect)
class Instrumented:
    PATHS = {{{paths}}}

    def visit(self, node):
        if not isinstance(node, lambda_.Function) or node.node.path not in self.PATHS:
            return
        function = node.node.default_child
        node.add_environment("{variable}", function.handler)
        function.handler = "{entry}"
{more}

# An aspect of the app does not reach into its stages.
for stage in app.node.find_all():
    if Stage.is_stage(stage):
        Aspects.of(stage).add(Instrumented())"""
_PYTHON_LAYER = """\
        layer = "{layer}"
        node.add_layers(lambda_.LayerVersion.from_layer_version_arn(node, "LambdaMonitor", layer))
"""
_PYTHON_TRACING = """\
        function.tracing_config = lambda_.CfnFunction.TracingConfigProperty(mode="Active")
        node.role.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name("AWSXRayDaemonWriteAccess"))
"""
_TYPESCRIPT = """\
// At the end of the app, before app.synth():
import {{ Aspects, IAspect, Stage, aws_iam as iam, aws_lambda as lambda }} from 'aws-cdk-lib';
import {{ IConstruct }} from 'constructs';

class Instrumented implements IAspect {{
  private readonly paths = new Set([{paths}]);

  public visit(node: IConstruct): void {{
    if (!(node instanceof lambda.Function) || !this.paths.has(node.node.path)) {{
      return;
    }}
    const fn = node.node.defaultChild as lambda.CfnFunction;
    node.addEnvironment('{variable}', fn.handler!);
    fn.handler = '{entry}';
{more}  }}
}}

// An aspect of the app does not reach into its stages.
for (const stage of app.node.findAll()) {{
  if (Stage.isStage(stage)) {{
    Aspects.of(stage).add(new Instrumented());
  }}
}}"""
_TYPESCRIPT_LAYER = """\
    const layer = '{layer}';
    node.addLayers(lambda.LayerVersion.fromLayerVersionArn(node, 'LambdaMonitor', layer));
"""
_TYPESCRIPT_TRACING = """\
    fn.tracingConfig = {{ mode: 'Active' }};
    node.role?.addManagedPolicy(iam.ManagedPolicy.fromAwsManagedPolicyName('AWSXRayDaemonWriteAccess'));
"""


def render_cdk(paths: Sequence[str], wish: Wish, *, in_python: bool) -> str:
    """The code for the functions at `paths` of the construct tree."""
    whole, layer, tracing = (
        (_PYTHON, _PYTHON_LAYER, _PYTHON_TRACING)
        if in_python
        else (_TYPESCRIPT, _TYPESCRIPT_LAYER, _TYPESCRIPT_TRACING)
    )
    quote = '"' if in_python else "'"
    more = layer.format(layer=wish.layer) if wish.layer else ""
    more += tracing.format() if wish.tracing else ""
    listed = ", ".join(f"{quote}{path}{quote}" for path in paths)
    return whole.format(paths=listed, variable=HANDLER_VARIABLE, entry=ENTRY_POINT, more=more)
