"""The command line, `aiops`."""


def main() -> None:
    """Run the command line."""
    from aiops.cli.app import app
    from aiops.cli.errors import errors_as_lines

    with errors_as_lines():
        app()
