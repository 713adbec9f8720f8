"""A first response from alert to notification: `python -m examples.first_response`."""
