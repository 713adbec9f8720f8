"""The command line, `aiops`."""


def main() -> None:
    """Run the command line."""
    from aiops.cli.app import app

    app()
