"""Takes the place of the station's adviser: a stack's requirements in, a result in the form of all analyzers out. It recommends nothing."""

import json
import os
import sys
import tomllib

import click
from thoth.analyzer import print_command_result

print("stand-in for adviser: thoth-analyzer is real, the rest is not thoth-station's own", flush=True)

if os.environ["THOTH_ADVISER_SUBCOMMAND"] != "advise":
    print("stand-in: other commands are not played in the lab; the container has what the real one reads")
    sys.exit()


def given(name: str) -> str:
    """A text whose lines thoth-common has joined."""
    return os.environ.get(name, "").replace("\\n", "\n")


@click.group()
def cli() -> None:
    pass


@cli.command()
@click.option("--metadata", envvar="THOTH_ADVISER_METADATA", default="{}")
@click.pass_context
def advise(context: click.Context, metadata: str) -> None:
    pipfile = tomllib.loads(given("THOTH_ADVISER_REQUIREMENTS"))
    requirements = {
        "packages": pipfile.get("packages", {}),
        "dev-packages": pipfile.get("dev-packages", {}),
        "source": pipfile.get("source", []),
        "requires": pipfile.get("requires") or None,
    }
    parameters = {
        "count": int(os.environ["THOTH_ADVISER_COUNT"]),
        "limit": int(os.environ["THOTH_ADVISER_LIMIT"]),
        "limit_latest_versions": int(os.environ["THOTH_ADVISER_LIMIT_LATEST_VERSIONS"]),
        "recommendation_type": os.environ["THOTH_ADVISER_RECOMMENDATION_TYPE"],
        "requirements_format": os.environ["THOTH_REQUIREMENTS_FORMAT"],
        "runtime_environment": json.loads(os.environ.get("THOTH_ADVISER_RUNTIME_ENVIRONMENT") or "{}"),
    }
    justification = {"type": "WARNING", "justification": "a stand-in of the lab, which recommends what was asked for"}
    result = {
        "error": False,
        "parameters": parameters,
        "input": {"requirements": requirements, "requirements_locked": None},
        "report": [[[justification], {"requirements": requirements, "requirements_locked": None}, None]],
    }
    print_command_result(context, result, "thoth-adviser", "0.0.0-lab", output=os.environ["THOTH_ADVISER_OUTPUT"])
    print("the result is delivered", flush=True)


cli(["advise"], prog_name="thoth-adviser")
