"""Pages under load: how soon they answer and how large they are, with thousands of incidents and alerts coming in."""
