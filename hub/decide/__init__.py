"""A mood and its context become a decision, or a reason why not."""
