"""Commands about who may use the API: token."""

import argparse
from contextlib import closing

from hub.cli.output import connect, show


def token(args: argparse.Namespace) -> int:
    """Make a token and print it once."""
    with closing(connect(args)) as hub:
        answer = hub.call(
            "api_token",
            name=args.name,
            role=args.role,
            person=args.person,
            scopes=args.scope,
            days=args.days,
        )
    lines = [
        answer["token"],
        "",
        f"It is shown this once. The API: {answer['url']}/api/v1",
        f"Trust: {answer['authority_file'] or 'a public authority'}",
    ]
    return show(args, answer, lines)
